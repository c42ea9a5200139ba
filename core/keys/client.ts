import { createPublicKey, type KeyObject } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { Refusal } from '#base'
import { frameReader, protocolVersion, type Response } from './frames.ts'

/** What a process may ask of the key agent, as far as its role goes. */
export type Keys = {
  health(): Promise<void>
  random(bytes: number): Promise<Buffer>
  mac(key: string, data: Buffer): Promise<Buffer>
  /** A raw P-256 signature (64 bytes) over a 32-byte digest. */
  sign(key: string, digest: Buffer): Promise<Buffer>
  publicKey(key: string): Promise<KeyObject>
  newDek(kek: string, context: Buffer): Promise<{ dek: Buffer; wrapped: Buffer; binding: Buffer }>
  openDek(kek: string, context: Buffer, wrapped: Buffer, binding: Buffer): Promise<Buffer>
  attributes(): Promise<Record<string, Record<string, boolean>>>
  close(): Promise<void>
}

type Pending = {
  on: Socket
  resolve(ok: Record<string, string>): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/**
 * The client of the key agent: one connection, many requests at once, each with a deadline. The connection is made when
 * it is needed, so an agent that restarts is found again by the next request.
 *
 * Every call throws Refusal `keys.unavailable` when the agent does not answer, and an Error when it refuses: what a
 * process may not ask is a defect of ours.
 */
export function connectKeys({ socket: path, deadlineMs = 3000 }: { socket: string; deadlineMs?: number }): Keys {
  const pending = new Map<number, Pending>()
  let connection: Socket | undefined
  let lastId = 0

  return {
    health: async () => {
      await ask('health')
    },
    random: async (bytes) => take(await ask('random', undefined, { bytes: String(bytes) }), 'bytes'),
    mac: async (key, data) => take(await ask('mac', key, { data: give(data) }), 'mac'),
    sign: async (key, digest) => take(await ask('sign', key, { digest: give(digest) }), 'signature'),
    publicKey: async (key) =>
      createPublicKey({ key: take(await ask('publicKey', key), 'spki'), format: 'der', type: 'spki' }),
    newDek: async (kek, context) => {
      const ok = await ask('newDek', kek, { context: give(context) })
      return { dek: take(ok, 'dek'), wrapped: take(ok, 'wrapped'), binding: take(ok, 'binding') }
    },
    openDek: async (kek, context, wrapped, binding) =>
      take(
        await ask('openDek', kek, { context: give(context), wrapped: give(wrapped), binding: give(binding) }),
        'dek',
      ),
    attributes: async () => JSON.parse((await ask('attributes')).attributes ?? '{}'),
    close: async () => {
      connection?.destroy()
    },
  }

  function ask(op: string, key?: string, args?: Record<string, string>): Promise<Record<string, string>> {
    return new Promise((resolve, reject) => {
      const id = ++lastId
      const timer = setTimeout(() => settle(id)?.reject(unavailable('it did not answer in time')), deadlineMs)
      const on = connected()
      pending.set(id, { on, resolve, reject, timer })
      on.write(`${JSON.stringify({ v: protocolVersion, id, op, key, args })}\n`)
    })
  }

  function connected(): Socket {
    if (connection && !connection.destroyed) return connection
    const fresh = createConnection(path)
    const hear = frameReader<Response>((response) => {
      const call = settle(response.id)
      if (response.ok) call?.resolve(response.ok)
      else call?.reject(new Error(`The key agent refused: ${response.error?.code} (${response.error?.message})`))
    })
    fresh.on('data', hear)
    fresh.on('error', () => fresh.destroy())
    fresh.on('close', () => {
      for (const [id, call] of [...pending])
        if (call.on === fresh) settle(id)?.reject(unavailable('the connection ended'))
    })
    connection = fresh
    return fresh
  }

  function settle(id: number): Pending | undefined {
    const call = pending.get(id)
    pending.delete(id)
    clearTimeout(call?.timer)
    return call
  }
}

function unavailable(reason: string): Refusal {
  return new Refusal(
    'unavailable',
    'keys.unavailable',
    'The key agent is not reachable at the moment.',
    undefined,
    new Error(reason),
  )
}

function give(bytes: Buffer): string {
  return bytes.toString('base64')
}

function take(ok: Record<string, string>, name: string): Buffer {
  return Buffer.from(ok[name] ?? '', 'base64')
}
