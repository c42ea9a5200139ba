import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import * as staff from '#staff'
import { catalogue, gameOf } from './catalogue.ts'
import { closedAlready, gameClosed, notClosed, offeredAlready, returnDiffers, versionUnknown } from './errors.ts'
import { showPercent } from './fraction.ts'
import type { Game } from './game.ts'

const everything = '*'

/** How a game stands: `waits` for two people to let its present version in, `closed` by one, or `open`. */
export type Standing = {
  game: Game
  state: 'open' | 'closed' | 'waits'
  /** What two people let in, or the first installation brought; undefined when nothing was yet. */
  offered: { version: string; rtp: string; since: Date } | undefined
  /** `what` is what to open again. */
  closed: { since: Date; reason: string; by: string | null; what: Omit<Closure, 'reason'> } | undefined
}

/** @throws Refusal `games.closed` when no round of it may begin, `games.unknown` */
export async function requireOpen(reader: Reader, game: string): Promise<void> {
  const { id } = gameOf(game)
  const standing = (await standings(reader)).find((each) => each.game.id === id)
  if (standing?.state !== 'open') throw gameClosed()
}

/** The return of a game as it is written down and signed; the version besides says exactly which mathematics it is. */
export function returnOf({ rtp }: Game): string {
  return showPercent(rtp)
}

/** Every game of this program, as the database that settles sees it. */
export async function standings(reader: Reader): Promise<Standing[]> {
  const [offers, closures] = await Promise.all([
    reader<Array<{ game: string; version: string | null; rtp: string; since: Date }>>`
      select game, version, rtp, since from games.offers`,
    reader<Array<{ game: string; version: string; since: Date; reason: string; by: string | null }>>`
      select game, version, since, reason, closed_by as by from games.closures order by since`,
  ])
  return catalogue().map((game) => {
    const offer = offers.find((each) => each.game === game.id)
    const closure = closures.find(
      (each) => [game.id, everything].includes(each.game) && [game.version, everything].includes(each.version),
    )
    const waits = offer !== undefined && offer.version !== game.version
    const offered = offer?.version ? { version: offer.version, rtp: offer.rtp, since: offer.since } : undefined
    return { game, state: waits ? 'waits' : closure ? 'closed' : 'open', offered, closed: closure && closedBy(closure) }
  })
}

function closedBy({
  game,
  version,
  ...closed
}: {
  game: string
  version: string
  since: Date
  reason: string
  by: string | null
}) {
  return { ...closed, what: version === everything ? { game } : { game, version } }
}

/**
 * Looks at a start whether every game of the program has been seen. What comes with the first installation is offered; a game
 * that comes later, and another version of one, waits until two people let it in: no bet on it is taken until then.
 */
export async function seeCatalogue(tx: Tx, { now }: Command): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext('games.offers'))`
  const [known] = await tx`select from games.offers limit 1`
  for (const game of catalogue())
    await tx`
      insert into games.offers (game, version, rtp, since)
      values (${game.id}, ${known ? null : game.version}, ${known ? null : returnOf(game)}, ${now})
      on conflict (game) do nothing`
}

/**
 * Offers the version of a game that this program has; bets are taken on it from this transaction's commit on. Nobody calls this but
 * what two people approved, who signed version and return.
 *
 * @throws Refusal `games.unknown`, `games.version_unknown`, `games.return_differs`, `games.offered_already`, `staff.approval_absent`
 */
export async function offer(
  tx: Tx,
  command: Command,
  wanted: { game: string; version: string; rtp: string; proposal: string },
): Promise<void> {
  const { proposal, ...about } = wanted
  const game = gameOf(about.game)
  if (game.version !== about.version) throw versionUnknown()
  if (returnOf(game) !== about.rtp) throw returnDiffers(returnOf(game))
  await staff.requireApproval(tx, command, { proposal, act: 'games.offer', about })
  const [before] = await tx<Array<{ version: string | null; rtp: string | null }>>`
    select version, rtp from games.offers where game = ${game.id} for update`
  if (before?.version === game.version) throw offeredAlready()
  await tx`
    insert into games.offers (game, version, rtp, since, proposal)
    values (${game.id}, ${game.version}, ${about.rtp}, ${command.now}, ${proposal})
    on conflict (game) do update set version = excluded.version, rtp = excluded.rtp, since = excluded.since, proposal = excluded.proposal`
  await audit.record(tx, command, {
    action: 'games.version_offered',
    subject: game.id,
    detail: { proposal },
    ...audit.changed(
      { version: before?.version ?? null, rtp: before?.rtp ?? null },
      { version: game.version, rtp: about.rtp },
    ),
  })
}

/** What is closed: a game, one version of it, or all play, which is game `*`. Left out, the version is every one. */
export type Closure = { game: string; version?: string; reason: string }

/**
 * Closes a game, a version of it or all play at once: no round begins after this transaction's commit [GLI-2.4.1a] [GLI-2.4.1b]. Rounds
 * that wait are finished [GLI-4.15.1-1]; what was settled stays.
 *
 * @throws Refusal `games.unknown`, `games.version_not_here`, `games.closed_already`
 */
export async function close(tx: Tx, command: Command, closure: Closure): Promise<void> {
  if (closure.game !== everything) gameOf(closure.game, closure.version)
  if (!(await shut(tx, command, closure))) throw closedAlready()
}

/** The same; false where it is closed already. Also for a version that is not here any more. */
export async function shut(tx: Tx, command: Command, { game, version, reason }: Closure): Promise<boolean> {
  const made = await tx`
    insert into games.closures (game, version, since, reason, closed_by)
    values (${game}, ${version ?? everything}, ${command.now}, ${reason}, ${command.actor.id})
    on conflict (game, version) do nothing`
  if (made.count === 0) return false
  const detail = version === undefined ? {} : { version }
  await audit.record(tx, command, { action: 'games.closed', subject: game, reason, detail })
  return true
}

/**
 * Opens it again, as it was closed. Nobody calls this but what two people approved.
 *
 * @throws Refusal `games.not_closed`, `staff.approval_absent`
 */
export async function open(
  tx: Tx,
  command: Command,
  { proposal, ...about }: Omit<Closure, 'reason'> & { proposal: string },
): Promise<void> {
  const { game, version } = about
  await staff.requireApproval(tx, command, { proposal, act: 'games.open', about })
  const gone = await tx`delete from games.closures where game = ${game} and version = ${version ?? everything}`
  if (gone.count === 0) throw notClosed()
  const detail = { proposal, ...(version === undefined ? {} : { version }) }
  await audit.record(tx, command, { action: 'games.opened', subject: game, detail })
}
