import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>

/** OWASP's minimum for argon2id: memory in KiB, passes, lanes. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 }
const atOnceMax = 3 // each holds its memory and a thread of the pool

let running = 0
const waiting: Array<() => void> = []

/** A password as a PHC string (RFC 9106, argon2id). */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const tag = await bounded(() =>
    derive('argon2id', { message: canonicalPassword(password), nonce, tagLength: 32, ...cost }),
  )
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(tag)}`
}

/** Takes the same time whether there is a hash to compare with or not. */
export async function verifyPassword(password: string, phc: string | undefined): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc ?? (await nobody()))
  if (!match) return false
  const [, memory, passes, parallelism, nonce, expected] = match
  const tag = await bounded(() =>
    derive('argon2id', {
      message: canonicalPassword(password),
      nonce: Buffer.from(nonce!, 'base64'),
      tagLength: 32,
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
    }),
  )
  return timingSafeEqual(tag, Buffer.from(expected!, 'base64')) && phc !== undefined
}

let nobodysHash: Promise<string> | undefined
function nobody(): Promise<string> {
  nobodysHash ??= hashPassword(randomBytes(16).toString('hex'))
  return nobodysHash
}

/** NIST SP 800-63B-4: one normal form, nothing else changed. */
function canonicalPassword(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'))
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve))
  running++
  try {
    return await work()
  } finally {
    running--
    waiting.shift()?.()
  }
}
