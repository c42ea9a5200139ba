import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import type { Keys } from './client.ts'
import { passwordsBusy } from './errors.ts'

const derive = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>

type Pepper = Pick<Keys, 'mac' | 'active'>
type Cost = { memory: number; passes: number; parallelism: number }
type Phc = { cost: Cost; pepper: string | undefined; nonce: Buffer; tag: Buffer }

/** OWASP's minimum for argon2id: memory in KiB, passes, lanes. */
const cost: Cost = { memory: 19_456, passes: 2, parallelism: 1 }
const pepperFamily = 'hk-pepper'
/** Each holds its memory and a processor: half of the processors are left to who plays, and the queue ends before patience does. */
const atOnceMax = Math.max(1, Math.floor(availableParallelism() / 2))
const waitingMax = 32

let running = 0
const waiting: Array<() => void> = []

/**
 * A password as a PHC string (RFC 9106, argon2id) whose tag went through a MAC of the token: without the token a stolen
 * hash cannot be tried. `keyid` names the epoch of that key (base 64, as the PHC string format has it).
 */
export async function hashPassword(keys: Pepper, password: string): Promise<string> {
  const pepper = await keys.active(pepperFamily)
  const nonce = randomBytes(16)
  const tag = await peppered(keys, pepper, await tagOf(password, nonce, cost))
  return phcOf({ cost, pepper, nonce, tag })
}

/** Takes the same time whether there is a hash to compare with or not, and whether it is peppered or older than that. */
export async function verifyPassword(keys: Pepper, password: string, phc: string | undefined): Promise<boolean> {
  const stored = parse(phc ?? (await nobody()))
  if (!stored) return false
  const bare = await tagOf(password, stored.nonce, stored.cost)
  const tag = await peppered(keys, stored.pepper ?? (await keys.active(pepperFamily)), bare)
  return timingSafeEqual(stored.pepper ? tag : bare, stored.tag) && phc !== undefined
}

/** Is this hash to be made anew when its password is at hand: cheaper than today's, or under no pepper or an older one? */
export async function isOutdated(keys: Pepper, phc: string): Promise<boolean> {
  const stored = parse(phc)
  if (!stored || stored.pepper !== (await keys.active(pepperFamily))) return true
  const { memory, passes, parallelism } = stored.cost
  return memory < cost.memory || passes < cost.passes || parallelism < cost.parallelism
}

/** What stands in every hash under an epoch of the pepper, for counting those that still need it. */
export function keyIdOf(pepper: string): string {
  return base64(Buffer.from(pepper))
}

function phcOf({ cost: { memory, passes, parallelism }, pepper, nonce, tag }: Phc): string {
  const keyId = pepper === undefined ? '' : `,keyid=${keyIdOf(pepper)}`
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}${keyId}$${base64(nonce)}$${base64(tag)}`
}

function parse(phc: string): Phc | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)(?:,keyid=([^,$]+))?\$([^$]+)\$([^$]+)$/.exec(phc)
  if (!match) return undefined
  const [, memory, passes, parallelism, keyId, nonce = '', tag = ''] = match
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    pepper: keyId && Buffer.from(keyId, 'base64').toString(),
    nonce: Buffer.from(nonce, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

/** What a password that nobody has is compared with; under no pepper, since any epoch it named would end one day. */
let nobodysTag: Promise<string> | undefined
function nobody(): Promise<string> {
  nobodysTag ??= (async () => {
    const nonce = randomBytes(16)
    return phcOf({ cost, pepper: undefined, nonce, tag: await tagOf(nonce.toString('hex'), nonce, cost) })
  })()
  return nobodysTag
}

function tagOf(password: string, nonce: Buffer, { memory, passes, parallelism }: Cost): Promise<Buffer> {
  const message = canonicalPassword(password)
  return bounded(() => derive('argon2id', { message, nonce, tagLength: 32, memory, passes, parallelism }))
}

function peppered(keys: Pepper, pepper: string, tag: Buffer): Promise<Buffer> {
  return keys.mac(pepper, Buffer.concat([Buffer.from('password|'), tag]))
}

/** NIST SP 800-63B-4: one normal form, nothing else changed. */
function canonicalPassword(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'))
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

/** @throws Refusal `keys.passwords_busy` when too many wait already */
async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (running < atOnceMax) running++
  else if (waiting.length < waitingMax) await new Promise<void>((resolve) => waiting.push(resolve))
  else throw passwordsBusy()
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next)
      next() // takes the place over
    else running--
  }
}
