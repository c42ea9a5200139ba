import { type Command, canonical, isId, newUuid, Refusal, type Tx } from '#base'
import type { Keys } from '#keys'
import { type Code, kindOf } from './catalogue.ts'
import { unwritable } from './errors.ts'
import { type AuditEvent, entryOf, type Outcome, short } from './event.ts'
import { type Personal, sealPersonal } from './personal.ts'
import { objectionTo } from './schema.ts'

/**
 * What happened, to be written down. Ids only: what tells something about a person goes into `personal`, which is sealed
 * under the player's key.
 */
export type Entry = {
  action: Code
  subject: string
  /** What the catalogue says when nothing is said here. */
  outcome?: Outcome
  /** The player it concerns, when that is neither the subject nor who acts. */
  player?: string
  reason?: string
  detail?: Fields
  /** Changed data, as it was and as it is; `changed` leaves out the rest. */
  before?: Fields
  after?: Fields
  personal?: Personal
}

type Fields = Readonly<Record<string, unknown>>

/** With the keys where something is personal: a `personal` part, or the address of a player who acts. */
export type RecordingCommand = Command & { readonly keys?: Keys }

/**
 * Writes down who did what, in the caller's transaction: if this fails, so does the action [S53]. Nobody waits for anybody
 * here; the sealer numbers events afterwards.
 *
 * @throws Refusal `audit.unwritable`; Error when the event is not as the catalogue has it: a defect, and the action does not
 * happen
 */
export async function record(tx: Tx, command: RecordingCommand, entry: Entry): Promise<void> {
  const { actor, now, requestId } = command
  const { action, subject, reason, detail, before, after } = entry
  const objection = objectionTo(action, entry)
  if (objection) throw new Error(`this event cannot be written down: ${objection}`)
  const id = newUuid(now.getTime())
  const playing = actor.kind === 'player' && isId('plr', actor.id)
  const player = entry.player ?? [subject, actor.id].find((name) => isId('plr', name))
  const sealed = await seal(tx, command, id, player, {
    ...entry.personal,
    ...(playing && actor.address ? { address: actor.address } : {}),
  })
  const event: AuditEvent = {
    version: 1,
    id,
    at: now.toISOString(),
    code: action,
    outcome: entry.outcome ?? kindOf(action)?.outcome ?? 'success',
    actor: { kind: actor.kind, id: short(actor.id) },
    ...(actor.address && !playing ? { address: short(actor.address) } : {}),
    subject: short(subject),
    ...(player ? { player: short(player) } : {}),
    requestId: short(requestId),
    ...(reason ? { reason } : {}),
    ...(detail && !isEmpty(detail) ? { detail } : {}),
    ...(before && after ? { before, after } : {}),
    ...(sealed ? { personal: { commitment: sealed.commitment.toString('hex') } } : {}),
  }
  const text = entryOf(event)
  await tx`select audit.append(${text}, ${sealed?.envelope ?? null})`.catch((error: unknown) => {
    throw isPassing(error) ? error : unwritable(error)
  })
}

/**
 * What differs between two states of one thing: `audit.record(tx, command, { …, ...audit.changed(old, now) })`. What only
 * one of them has stands as null in the other.
 */
export function changed(old: Fields, now: Fields): { before: Fields; after: Fields } {
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (name) => canonical(old[name] ?? null) !== canonical(now[name] ?? null),
  )
  const take = (state: Fields) => Object.fromEntries(names.map((name) => [name, state[name] ?? null]))
  return { before: take(old), after: take(now) }
}

/** Of a player who was erased nothing personal is kept any more; that something happened is. */
async function seal(
  tx: Tx,
  { keys, ...command }: RecordingCommand,
  event: string,
  player: string | undefined,
  personal: Personal,
) {
  if (isEmpty(personal)) return undefined
  if (!keys || !player) throw new Error('personal data is recorded of a player, by a command that has the keys')
  return sealPersonal(tx, { ...command, keys }, { event, player, personal }).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'keys.erased') return undefined
    throw error
  })
}

/** What the caller's transaction is tried again for, and what is no word of the database's at all: a connection that broke. */
function isPassing(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: string }
  return code === '40001' || code === '40P01' || !/^(?=.*\d)[0-9A-Z]{5}$/.test(code ?? '')
}

function isEmpty(fields: Fields): boolean {
  return Object.keys(fields).length === 0
}
