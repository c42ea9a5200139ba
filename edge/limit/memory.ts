import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { hostMs } from './clock.ts'
import { type Tables, ticksPerMs } from './limit.ts'
import { type Owners, openOwners } from './owners.ts'
import { makeShared, openShared } from './shared.ts'
import { createSipHash, type SipHash } from './siphash.ts'
import { openTable } from './table.ts'

/**
 * What the workers of a host share: a secret, so that they hash alike and nobody outside foresees how; a word that says when it
 * began, from which ticks count; the tables; and whose sign-ins are.
 */
const headWords = 16
const beganWord = 8
const secretBytes = 32

/** Places of each table: 2 MiB, and an attacker who would throw others out of it needs as many networks of their own. */
const entries = 2 ** 17
const tableWords = 2 * entries
/** Sign-ins whose players are known, at four words each: 1 MiB. */
const ownerWords = 4 * 2 ** 16
const bytes = 4 * (headWords + 2 * tableWords + ownerWords)

export type LimitMemory = {
  readonly tables: Tables
  readonly owners: Owners
  readonly hash: SipHash
  readonly isShared: boolean
  readonly secret: Buffer
  /** Milliseconds since the memory began, for the clock of the tables; of `performance.now()`. */
  sinceMs(nowMs: number): number
  /** Tidies a part, so that all of it is visited within a minute of calls each second. */
  sweep(nowMs: number): void
}

/** For the supervisor: a descriptor for its workers, with the secret in it; undefined where memory cannot be shared. */
export function makeLimitMemory(secret: Buffer = randomBytes(secretBytes)): number | undefined {
  const fd = makeShared(bytes)
  if (fd !== undefined) writeSync(fd, secret, 0, secretBytes, 0)
  return fd
}

export function openLimitMemory(fd: number | undefined): LimitMemory {
  const { buffer, isShared } = openShared(fd, bytes)
  const head = new Int32Array(buffer, 0, headWords)
  if (!isShared) randomBytes(secretBytes).copy(Buffer.from(buffer, 0, secretBytes))
  const nowSeconds = Math.floor(hostMs(performance.now()) / 1000)
  const other = Atomics.compareExchange(head, beganWord, 0, nowSeconds)
  const beganMs = (other === 0 ? nowSeconds : other) * 1000
  const table = (number: number) => openTable(new Int32Array(buffer, 4 * (headWords + number * tableWords), tableWords))
  const tables = { fine: table(0), coarse: table(1) }
  return {
    tables,
    owners: openOwners(new Int32Array(buffer, 4 * (headWords + 2 * tableWords), ownerWords)),
    hash: createSipHash(head[0]!, head[1]!),
    isShared,
    secret: Buffer.from(Buffer.from(buffer, 0, secretBytes)),
    sinceMs: (nowMs) => hostMs(nowMs) - beganMs,
    sweep(nowMs) {
      const sinceMs = hostMs(nowMs) - beganMs
      tables.fine.sweep(Math.floor(sinceMs * ticksPerMs.fine), entries / 32)
      tables.coarse.sweep(Math.floor(sinceMs * ticksPerMs.coarse), entries / 32)
    },
  }
}
