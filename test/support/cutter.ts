import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where a connection is cut: `asked`, the request never reaches the server; `done`, the server has done it and none of its
 * answer comes back; `told`, half of the answer does.
 */
type Cut = 'asked' | 'done' | 'told'

export type Cutter = {
  /** A directory with the socket, to be used as the host of the database. */
  host: string
  port: number
  /** Cuts one connection at its next message of that kind; resolves when it is done. */
  cut(where: Cut): Promise<void>
  stop(): Promise<void>
}

/** Stands between PostgreSQL and who uses it, and cuts connections at the moment it is told. */
export async function openCutter(upstream: { host: string; port: number }): Promise<Cutter> {
  const host = mkdtempSync(join(tmpdir(), 'cr-cut-'))
  const sockets = new Set<Socket>()
  const waiting: Array<{ where: Cut; done(): void }> = []
  const take = (...places: Cut[]) => {
    const at = waiting.findIndex((order) => places.includes(order.where))
    return at === -1 ? undefined : waiting.splice(at, 1)[0]
  }
  const server = createServer((client) => {
    const upper = createConnection(join(upstream.host, `.s.PGSQL.${upstream.port}`))
    for (const socket of [client, upper]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        client.destroy()
        upper.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      const order = isQuery(chunk) ? take('asked') : undefined
      if (!order) return void upper.write(chunk)
      client.destroy()
      order.done()
    })
    upper.on('data', (chunk: Buffer) => {
      const order = isAnswer(chunk) ? take('done', 'told') : undefined
      if (!order) return void client.write(chunk)
      if (order.where === 'told') client.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => client.destroy())
      else client.destroy()
      order.done()
    })
  })
  await new Promise<void>((resolve) => server.listen(join(host, `.s.PGSQL.${upstream.port}`), resolve))
  return {
    host,
    port: upstream.port,
    cut: (where) => new Promise((resolve) => waiting.push({ where, done: resolve })),
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(host, { recursive: true, force: true })
    },
  }
}

/** A message that runs something: Parse, Bind or a simple Query; not one that opens a connection. */
function isQuery(chunk: Buffer): boolean {
  return ['P', 'B', 'Q'].includes(String.fromCharCode(chunk[0] ?? 0))
}

/** Ends with ReadyForQuery outside a transaction: what was asked is committed or refused. The answer to a login begins with R. */
function isAnswer(chunk: Buffer): boolean {
  return chunk[0] !== 0x52 && chunk.subarray(-6).equals(Buffer.from('Z\0\0\0\x05I', 'latin1'))
}
