import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { frameReader, monotonicMs, protocolVersion, type Request, type Response } from '../frames.ts'
import type { Admission } from './admission.ts'
import { type Entrance, openEntrance } from './entrance.ts'
import { AgentRefusal } from './refusal.ts'
import type { Role } from './roles.ts'

const waitingPerConnectionMax = 1024
const waitingPerRoleMax = 2048
const entranceMsMax = 10_000
const sliceMs = 5 // then the sockets are read again

type Waiting = { connection: Connection; request: Request }
type Connection = { role: Role; socket: Socket; entrance: Entrance; waiting: number }

export type Sockets = {
  open(role: Role, path: string): Promise<void>
  close(): void
}

/**
 * One Unix socket per role. Requests wait in one bounded queue per role, and the roles take turns; one whose asker has
 * stopped waiting is dropped and told so; what does not fit is refused at once; what is no request ends the connection. Nothing is answered
 * before the connection's entrance, and whoever is taken back is cut off.
 */
export function openSockets(
  answer: (role: Role, request: Request) => Promise<Record<string, unknown>>,
  told: (role: Role, request: Request, error: unknown) => { code: string; message: string; kind?: string } | undefined,
  admission: Admission,
): Sockets {
  const servers: Array<ReturnType<typeof createServer>> = []
  const connections = new Set<Connection>()
  /** One queue per role, each of which has its turn: the edge cannot keep core waiting. */
  const queues = new Map<Role, Waiting[]>()
  let working = false
  const unwatch = admission.watch(() => {
    for (const { entrance, socket } of connections) if (entrance.isTakenBack()) socket.destroy()
  })

  return {
    open(role, path) {
      rmSync(path, { force: true })
      const server = createServer((socket) => serve(role, socket))
      servers.push(server)
      return new Promise((resolve, reject) => {
        server.once('error', reject)
        const before = process.umask(0o117) // 0660: the group of the folder may connect, nobody else
        server.listen(path, () => {
          chmodSync(path, 0o660)
          resolve()
        })
        process.umask(before)
      })
    },
    close() {
      unwatch()
      for (const server of servers) server.close()
      for (const { socket } of connections) socket.end()
    },
  }

  function serve(role: Role, socket: Socket): void {
    const entrance = openEntrance(role, admission)
    const connection = { role, socket, entrance, waiting: 0 }
    const late = setTimeout(() => entrance.isPassed() || socket.destroy(), entranceMsMax).unref()
    connections.add(connection)
    socket.on('close', () => {
      clearTimeout(late)
      connections.delete(connection)
    })
    socket.on('error', () => socket.destroy())
    socket.on('drain', () => socket.resume())
    const hear = frameReader<Request>((request) => take(connection, request))
    socket.on('data', (chunk: Buffer) => {
      try {
        hear(chunk)
      } catch {
        socket.destroy()
      }
    })
  }

  function take(connection: Connection, request: Request): void {
    if (!Number.isSafeInteger(request.id) || typeof request.op !== 'string') throw new Error('this is no request')
    const queue = queues.get(connection.role) ?? []
    queues.set(connection.role, queue)
    if (connection.waiting >= waitingPerConnectionMax || queue.length >= waitingPerRoleMax) {
      refuse(connection, request, new AgentRefusal('keys.busy', 'too many requests wait', 'unavailable'))
      return
    }
    connection.waiting++
    queue.push({ connection, request })
    if (!working) void work()
  }

  async function work(): Promise<void> {
    working = true
    for (let next = nextInTurn(), since = performance.now(); next; next = nextInTurn()) {
      const { connection, request } = next
      connection.waiting--
      // A long one goes on beside the others: it gives way by itself.
      const done = settle(connection, request)
      if (request.op !== 'rewrapDeks') await done
      if (performance.now() - since < sliceMs) continue
      await new Promise((resolve) => setImmediate(resolve))
      since = performance.now()
    }
    working = false
  }

  function nextInTurn(): Waiting | undefined {
    for (const [role, queue] of queues) {
      const next = queue.shift()
      if (!next) continue
      queues.delete(role) // and to the end of the row
      queues.set(role, queue)
      return next
    }
    return undefined
  }

  async function settle(connection: Connection, request: Request): Promise<void> {
    if (connection.socket.destroyed) return
    try {
      if (request.v === protocolVersion && !(request.by > monotonicMs()))
        throw new AgentRefusal('keys.late', 'it came too late to be done', 'unavailable')
      const { entrance, role } = connection
      const ok = entrance.isPassed() ? await answer(role, request) : entrance.pass(request)
      told(role, request, undefined)
      reply(connection, { id: request.id, ok })
    } catch (error) {
      refuse(connection, request, error)
    }
  }

  function refuse(connection: Connection, request: Request, error: unknown): void {
    const said = told(connection.role, request, error)
    if (said) reply(connection, { id: request.id, error: said })
  }

  function reply({ socket }: Connection, response: Response): void {
    // Who does not read its answers is not heard either, until it has read them.
    if (!socket.destroyed && !socket.write(`${JSON.stringify(response)}\n`)) socket.pause()
  }
}
