import { hkdfSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SecureContext } from 'node:tls'
import { refuseOpenKey } from './private-files.ts'

/** What a ticket is sealed under: its name, the key of its MAC, the key of its cipher; 16 bytes each. */
type TicketKey = { name: Buffer; mac: Buffer; cipher: Buffer }

export type TicketKeys = {
  /** Of an epoch, for every host that has the secret the same. */
  of(epoch: number): TicketKey
  epochOf(nowMs: number): number
}

/** Tickets of so many epochs back are taken, and renewed. */
const epochsBack = 2

export function openTicketKeys({ secretFile, epochSeconds }: { secretFile: string; epochSeconds: number }): TicketKeys {
  refuseOpenKey(secretFile)
  const secret = readFileSync(secretFile)
  if (secret.length < 32) throw new Error(`The secret ${secretFile} is too short: it needs 32 bytes at least.`)
  const known = new Map<number, TicketKey>()
  return {
    of(epoch) {
      const key = known.get(epoch) ?? keyOf(secret, epoch)
      known.set(epoch, key)
      for (const each of known.keys()) if (each < epoch - epochsBack - 2) known.delete(each)
      return key
    },
    epochOf: (nowMs) => Math.floor(nowMs / 1000 / epochSeconds),
  }
}

/** HKDF (RFC 5869) from the secret of the cluster and the number of the epoch: hosts agree without a word. */
function keyOf(secret: Buffer, epoch: number): TicketKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', `countroom edge ticket ${epoch}`, 48))
  return { name: bytes.subarray(0, 16), mac: bytes.subarray(16, 32), cipher: bytes.subarray(32, 48) }
}

/** Node's own, which no interface of it shows. */
type Hooked = {
  onticketkeycallback?: (name: Buffer, iv: Buffer, encrypting: boolean) => unknown[]
  enableTicketKeyCallback?: () => void
}

const none = Buffer.alloc(16)

/**
 * Makes a context seal tickets under the key of this epoch, and take those of the last ones, and of the next, where another host's
 * clock is ahead. Node has a hook for that and does not show it. Answers false where it is gone: then `oneKey` is what is left.
 */
export function sealTickets({ context }: SecureContext, keys: TicketKeys, now: () => number = Date.now): boolean {
  const hooked = context as Hooked | undefined
  if (typeof hooked?.enableTicketKeyCallback !== 'function') return false
  hooked.onticketkeycallback = (name, _, encrypting) => {
    const epoch = keys.epochOf(now())
    if (encrypting) {
      const key = keys.of(epoch)
      return [1, key.mac, key.cipher, key.name, randomBytes(16)]
    }
    for (let each = epoch + 1; each >= epoch - epochsBack; each--) {
      const key = keys.of(each)
      if (key.name.equals(name)) return [each === epoch ? 1 : 2, key.mac, key.cipher] // 2: taken, and a new one comes
    }
    return [0, none, none] // less than three, and Node ends the process
  }
  hooked.enableTicketKeyCallback()
  return true
}

/** In the form of Node's own setting, which knows one key: with it everyone shakes hands anew when the epoch ends. */
export function oneKey(keys: TicketKeys, nowMs: number = Date.now()): Buffer {
  const { name, mac, cipher } = keys.of(keys.epochOf(nowMs))
  return Buffer.concat([name, mac, cipher])
}
