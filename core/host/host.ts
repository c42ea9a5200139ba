import { type Command, canonical, once, Refusal } from '#base'
import type { Games } from '#games'
import type { Keys } from '#keys'
import type { Networks } from '#sessions'
import type { Cache } from './cache.ts'
import type { Config } from './config.ts'
import type { Continuity } from './continuity.ts'
import type { Sql } from './database.ts'
import type { Exports } from './exports.ts'
import type { FaceContext } from './face.ts'
import type { Logger } from './log.ts'
import { problemOf } from './refusals.ts'
import type { SignIns } from './sign-ins.ts'
import type { Tls } from './tls.ts'
import type { Tracing } from './tracing/index.ts'

/** What a route or a job may use. One per process. */
export type Host = {
  readonly config: Config
  readonly sql: Sql
  readonly keys: Keys
  readonly cache: Cache
  readonly log: Logger
  readonly exports: Exports
  readonly networks: Networks
  readonly signIns: SignIns
  /** The hot path (`openGames` of the games room, on this process's lanes); the worker has none. */
  readonly games: Games | undefined
  /** Of a process that books: whether the books hold what it saw in them. */
  readonly continuity?: Continuity | undefined
  /** Where the operator wants to see what becomes of requests. */
  readonly tracing?: Tracing | undefined
  /** What this process shows and believes, where it comes to others by itself. */
  readonly tls?: Tls | undefined
  now(): Date
}

/** A command with the keys, as rooms that seal or open personal data take it. */
export type HostCommand = Command & { readonly keys: Keys }

/** Who asks, at one instant: the staff, player or machine of this request, or nobody yet. */
export function commandOf(host: Host, c: FaceContext): HostCommand {
  const staff = c.get('staff')
  const session = c.get('session')
  const address = c.get('address')
  const requestId = c.get('requestId')
  const client = c.get('client')
  if (client !== undefined)
    return { actor: { kind: 'partner', id: client, address }, now: host.now(), requestId, keys: host.keys }
  const actor = staff
    ? { kind: 'staff' as const, id: staff.id, address }
    : { kind: 'player' as const, id: session?.playerId ?? 'anonymous', address }
  return { actor, now: host.now(), requestId, keys: host.keys }
}

type Answer = { status: number; body: unknown }
type TxOf = Parameters<Parameters<Sql['begin']>[1]>[0]

/**
 * One mutation: one transaction, done once per key, the answer kept with it. The response is the stored bytes, hence
 * the type `never`: what it holds is promised by the route's schema, not by the compiler. Work that throws a Refusal
 * leaves no trace; work that answers one has something to remember (a failed attempt) and is kept like any answer.
 *
 * The payload is kept as a digest; one with personal data in it is `blinded` first.
 *
 * @throws Refusal `request.key_missing` and whatever the work refuses
 */
export async function mutate(
  host: Host,
  c: FaceContext,
  what: { operation: string; payload: unknown },
  work: (tx: TxOf, command: HostCommand) => Promise<Answer | Refusal>,
): Promise<never> {
  const key = idempotencyKeyOf(c)
  const command = commandOf(host, c)
  const claim = { caller: command.actor.id, operation: what.operation, key, payload: what.payload }
  const act = () =>
    transact(host, (tx) =>
      once(tx, claim, async () => {
        const result = await work(tx, command)
        if (!(result instanceof Refusal)) return { status: result.status, body: canonical(result.body) }
        const problem = problemOf(result, command.requestId)
        return { status: problem.status, body: canonical(problem) }
      }),
    )
  const answer = await (host.tracing ? host.tracing.around(what.operation, act) : act())
  const type = answer.status < 400 ? 'application/json' : 'application/problem+json'
  const headers: Record<string, string> = { 'content-type': type, 'cache-control': 'no-store' }
  if (answer.replayed) headers['idempotency-replayed'] = 'true'
  return new Response(answer.body, { status: answer.status, headers }) as never
}

/**
 * What stands for a payload with somebody's address or name in it, where a digest of it is kept: its MAC under a key of the token. By a
 * plain digest it would be found out by trying what it might be.
 */
export async function blinded({ keys }: Pick<Host, 'keys'>, payload: unknown): Promise<string> {
  return (await keys.mac('hk-pepper', Buffer.from(`request|${canonical(payload)}`))).toString('base64')
}

/** Runs the work in one transaction; a deadlock or serialisation failure is the engine's "again, please". */
export async function transact<T>(
  host: Pick<Host, 'continuity'> & { sql: Sql },
  work: (tx: TxOf) => Promise<T>,
): Promise<T> {
  await host.continuity?.sure()
  for (let attempt = 1; ; attempt++) {
    try {
      return (await host.sql.begin(work)) as T
    } catch (error) {
      const code = (error as { code?: string }).code
      if (attempt === 5 || (code !== '40001' && code !== '40P01')) throw error
    }
  }
}

export function idempotencyKeyOf(c: FaceContext): string {
  const key = c.req.header('idempotency-key')
  if (!key || !/^[\x21-\x7e]{1,128}$/.test(key))
    throw new Refusal(
      'invalid',
      'request.key_missing',
      'This request needs an Idempotency-Key header (1 to 128 visible characters).',
    )
  return key
}
