import { type Command, canonical, isId, newUuid, type Tx } from '#base'
import type { Keys } from '#keys'
import { type AuditEvent, entryOf, type Outcome, short } from './event.ts'
import { type Personal, sealPersonal } from './personal.ts'

/**
 * What happened, to be written down: its code in the catalogue, what it was done to, why. Ids only: what tells something
 * about a person goes into `personal`, which is sealed under the player's key.
 */
export type Entry = {
  action: string
  subject: string
  /** Success when nothing is said. */
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
 */
export async function record(tx: Tx, command: RecordingCommand, entry: Entry): Promise<void> {
  const { actor, now, requestId } = command
  const id = newUuid(now.getTime())
  const playing = actor.kind === 'player' && isId('plr', actor.id)
  const player = entry.player ?? [entry.subject, actor.id].find((name) => isId('plr', name))
  const personal = { ...entry.personal, ...(playing && actor.address ? { address: actor.address } : {}) }
  const sealed = isEmpty(personal) ? undefined : await seal(tx, command, id, player, personal)
  const event: AuditEvent = {
    version: 1,
    id,
    at: now.toISOString(),
    code: entry.action,
    outcome: entry.outcome ?? 'success',
    actor: { kind: actor.kind, id: short(actor.id) },
    ...(actor.address && !playing ? { address: short(actor.address) } : {}),
    subject: short(entry.subject),
    ...(player ? { player } : {}),
    requestId: short(requestId),
    ...(entry.reason ? { reason: entry.reason } : {}),
    ...(isEmpty(entry.detail) ? {} : { detail: entry.detail }),
    ...(isEmpty(entry.before) ? {} : { before: entry.before }),
    ...(isEmpty(entry.after) ? {} : { after: entry.after }),
    ...(sealed ? { personal: { commitment: sealed.commitment.toString('hex') } } : {}),
  }
  await tx`select audit.append(${entryOf(event)}, ${sealed?.envelope ?? null})`
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

async function seal(
  tx: Tx,
  { keys, ...command }: RecordingCommand,
  event: string,
  player: string | undefined,
  personal: Personal,
) {
  if (!keys || !player) throw new Error('personal data is recorded of a player, by a command that has the keys')
  return sealPersonal(tx, { ...command, keys }, { event, player, personal })
}

function isEmpty(fields: Fields | undefined): fields is undefined {
  return fields === undefined || Object.keys(fields).length === 0
}
