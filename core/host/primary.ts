import { request } from 'node:https'
import { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

/**
 * One server of a database that is kept by several: where it takes connections, and where its agent answers whether it is the
 * primary (Patroni's `GET /primary`: 200 from the one that holds the lock and runs, whatever the server itself believes).
 */
export type Member = { host: string; port: number; ask: number }

/**
 * Follows the primary. Every connection goes to the member whose agent says that it leads; the server is not asked, because one that was
 * cut off, or whose agent hangs, believes that it still leads. When another leads, all connections to the one before are dropped:
 * what hung on it ends, and is asked for again by its key. Nothing is cancelled: a commit that waits there for its
 * standby goes on waiting.
 */
export type Primary = {
  /** A socket that is on its way to the primary; while there is none it waits, as long as its owner does. */
  socket(): Socket
  close(): void
}

const askEveryMs = 500
const askTimeoutMs = 1000

export function followPrimary(members: readonly Member[], tls: () => ConnectionOptions): Primary {
  const open = new Set<FollowingSocket>()
  let primary: Member | undefined
  let asking = false
  let timer: NodeJS.Timeout | undefined
  let closed = false

  return {
    socket() {
      const socket = new FollowingSocket(begin, () => {
        open.delete(socket)
        if (open.size === 0) rest()
      })
      open.add(socket)
      return socket
    },
    close() {
      closed = true
      rest()
    },
  }

  /** Sends a socket on its way, now or as soon as somebody leads. */
  function begin(socket: FollowingSocket): void {
    if (!closed) timer ??= setInterval(() => void look(), askEveryMs).unref()
    if (primary) socket.go(primary)
    else void look()
  }

  function rest(): void {
    clearInterval(timer)
    timer = undefined
    primary = undefined // whoever comes after a pause asks first
  }

  async function look(): Promise<void> {
    if (asking) return
    asking = true
    const found = await seek().catch(() => undefined) // certificates that are just being written
    asking = false
    if (timer === undefined || !found) return // while nobody leads, connections to who led may still be good
    primary = found
    for (const socket of open) socket.follow(found)
  }

  /** As long as who led still says so, nobody else is asked: a handshake costs more than the answer. */
  async function seek(): Promise<Member | undefined> {
    if (primary && (await leads(primary, tls()))) return primary
    return leaderOf(members, tls)
  }
}

/**
 * Both drivers of PostgreSQL take it for a plain socket: one calls `connect` with an address, which is not used; the other takes all
 * listeners away, so that its end is not heard by one.
 */
class FollowingSocket extends Socket {
  readonly #begin: (socket: FollowingSocket) => void
  readonly #ended: () => void
  #to: Member | undefined

  constructor(begin: (socket: FollowingSocket) => void, ended: () => void) {
    super()
    this.#begin = begin
    this.#ended = ended
    this.setNoDelay(true)
    this.setKeepAlive(true, 1000)
  }

  override connect(): this {
    Object.assign(this, { connecting: true }) // what is written while there is no primary waits for one, and is not refused
    this.#begin(this)
    return this
  }

  go(to: Member): void {
    if (this.destroyed || this.#to) return
    this.#to = to
    super.connect(to.port, to.host)
  }

  /** Goes where the primary is, if it waited; ends, if it is anywhere else. */
  follow(primary: Member): void {
    if (this.#to === undefined) this.go(primary)
    else if (this.#to !== primary) this.destroy(connectionLost())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#ended()
    super._destroy(error, done)
  }
}

/** As if the network had said so: who asked may ask again. */
function connectionLost(): Error {
  return Object.assign(new Error('Another server is the primary now.'), { code: 'ECONNRESET', syscall: 'read' })
}

/** Who says that it leads; whoever says so first, since the others say that they do not. */
async function leaderOf(members: readonly Member[], tls: () => ConnectionOptions): Promise<Member | undefined> {
  return Promise.any(
    members.map(async (member) => {
      if (!(await leads(member, tls()))) throw new Error()
      return member
    }),
  ).catch(() => undefined)
}

function leads({ host, ask }: Member, tls: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const question = request(
      { ...tls, host, port: ask, path: '/primary', method: 'GET', agent: false, timeout: askTimeoutMs },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode === 200)
      },
    )
    question.on('timeout', () => question.destroy())
    question.on('error', () => resolve(false))
    question.on('close', () => resolve(false))
    question.end()
  })
}
