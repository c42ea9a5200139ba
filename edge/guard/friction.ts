import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import type { Asker } from '../limit/asker.ts'
import { ticksPerMs } from '../limit/limit.ts'
import type { LimitMemory } from '../limit/memory.ts'
import type { Exchange } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import type { Route } from '../route.ts'
import type { Visitor } from '../visitors/visitors.ts'
import type { frictionConfig } from './friction-config.ts'

type FrictionConfig = z.output<typeof frictionConfig>

/**
 * Friction against who tries passwords of others by the thousand: whoever signs in or registers has their browser find a number first, which costs it
 * a moment and costs whoever does it all day a machine. Asked of networks that failed often, of those that hide where they are, or of all. A
 * challenge is good for one network, for a while and once; it is verified without having been kept, and no third party hears of anybody.
 */
export type Friction = {
  /** Why a request is not let in without a proof; undefined: it needs none, or has a good one. */
  inspect(exchange: Exchange, route: Route, visitor: Visitor, network: Asker): Problem | undefined
  /** Counts what a core refused. */
  note(route: Route, network: Asker, status: number): void
}

const asksFor = new Set(['sign-in'])
const failed = new Set([400, 401, 403, 409, 422, 429])
const macBytes = 16
const saltBytes = 8
const form = /^([A-Za-z0-9_-]{39}):(\d{1,16})$/

/** @param nowSeconds of the wall clock, which hosts have alike */
export function openFriction(
  config: () => FrictionConfig,
  memory: Pick<LimitMemory, 'tables' | 'secret' | 'sinceMs'>,
  nowSeconds: () => number = () => Math.floor(Date.now() / 1000),
): Friction {
  const { fine } = memory.tables
  const ticks = () => Math.floor(memory.sinceMs(performance.now()) * ticksPerMs.fine)
  return {
    inspect(exchange, route, visitor, network) {
      const { when } = config()
      if (when === 'never' || exchange.face !== 'player' || exchange.method !== 'POST' || !asksFor.has(route.class))
        return undefined
      if (when === 'failures' && !visitor.isAnonymous && !hasFailed(network)) return undefined
      return isProven(exchange.header('x-proof'), network) ? undefined : needed(network)
    },
    note(route, network, status) {
      if (config().when !== 'failures' || !asksFor.has(route.class) || !failed.has(status)) return
      const { step, tolerance } = paceOfFailures()
      fine.take(~network.low, ~network.high, ticks(), step, tolerance)
    },
  }

  function hasFailed(network: Asker): boolean {
    const { step, tolerance } = paceOfFailures()
    return fine.backlog(~network.low, ~network.high, ticks()) > tolerance - step
  }

  function paceOfFailures(): { step: number; tolerance: number } {
    const { failuresMax, failuresSeconds } = config()
    const step = Math.ceil((failuresSeconds * 1000 * ticksPerMs.fine) / failuresMax)
    return { step, tolerance: step * failuresMax }
  }

  function needed(network: Asker): Problem {
    const { bits, seconds } = config()
    const head = Buffer.alloc(5)
    head.writeUInt32BE(nowSeconds() + seconds)
    head.writeUInt8(bits, 4)
    const told = Buffer.concat([head, randomBytes(saltBytes)])
    const challenge = Buffer.concat([told, macOf(told, network)]).toString('base64url')
    return {
      ...problem(
        428,
        'edge.proof_needed',
        'This takes a moment of work by your browser. A page of ours does it by itself.',
      ),
      members: { challenge, bits },
    }
  }

  function isProven(proof: string | undefined, network: Asker): boolean {
    const [, challenge = ''] = (proof !== undefined && form.exec(proof)) || []
    const bytes = Buffer.from(challenge, 'base64url')
    const told = bytes.subarray(0, -macBytes)
    if (bytes.length !== 5 + saltBytes + macBytes || !timingSafeEqual(macOf(told, network), bytes.subarray(-macBytes)))
      return false
    const { bits, seconds } = config()
    const leftSeconds = told.readUInt32BE(0) - nowSeconds()
    if (leftSeconds <= 0 || leftSeconds > seconds || told.readUInt8(4) < bits) return false
    if (
      leadingZeros(
        createHash('sha256')
          .update(proof as string)
          .digest(),
      ) < bits
    )
      return false
    // Once: its place is taken until it would have ended.
    const once = seconds * 1000 * ticksPerMs.fine
    return fine.take(bytes.readInt32BE(5), bytes.readInt32BE(9), ticks(), once, 0) > 0
  }

  function macOf(told: Buffer, { low, high }: Asker): Buffer {
    return createHmac('sha256', memory.secret).update(told).update(`${low} ${high}`).digest().subarray(0, macBytes)
  }
}

function leadingZeros(digest: Buffer): number {
  const first = digest.readUInt32BE(0)
  return first === 0 ? 32 + Math.clz32(digest.readUInt32BE(4)) : Math.clz32(first)
}
