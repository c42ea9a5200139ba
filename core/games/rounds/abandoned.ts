import { type Command, type Reader, Refusal, type Tx } from '#base'
import * as ledger from '#ledger'
import { gameOf } from '../catalogue.ts'
import { voidRound } from './end.ts'
import { complete } from './move.ts'
import type { RoundParts } from './parts.ts'
import { type OpenRound, openRows } from './step.ts'
import type { RoundView } from './view.ts'

/** Other processes of an upgrade may have a version for some minutes that this one has not, or not yet. */
const absentMinutes = 10
const stepsMax = 1000

export type Abandoned = { wallet: bigint; round: bigint }

/** The rounds nobody came back to for as long as the licence lets them wait, and those whose version is gone; some at a time. */
export async function abandonedRounds(
  reader: Reader,
  { roundHoursMax }: { roundHoursMax: number },
  now: Date,
  countMax: number,
): Promise<Abandoned[]> {
  const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000)
  const kinds = await reader<
    Array<{ game: string; version: string }>
  >`select distinct game, version from games.open_rounds`
  const gone = kinds.filter(({ game, version }) => !isHere(game, version)).map(({ version }) => version)
  return await reader<Abandoned[]>`
    select wallet, round from games.open_rounds
    where at <= ${minutesAgo(roundHoursMax * 60)} or (version = any (${gone}::text[]) and at <= ${minutesAgo(absentMinutes)})
    order by wallet, round limit ${countMax}`
}

/**
 * Ends a round for a player who did not come back: by its rules, as the platform's decisions [GLI-4.16.3c-ii]; one whose version is gone
 * is voided [GLI-A.6.4a]. Undefined when the player came back meanwhile.
 */
export async function conclude(
  tx: Tx,
  command: Command,
  parts: RoundParts,
  { wallet, round }: Abandoned,
): Promise<RoundView | undefined> {
  await ledger.lockWallet(tx, wallet)
  const read = async () => (await tx<OpenRound[]>`${openRows(tx)} where r.wallet = ${wallet} and r.round = ${round}`)[0]
  let open = await read()
  if (!open) return undefined
  if (!isHere(open.game, open.version))
    return voidRound(tx, command, open, `version ${open.version} of the game is not here any more`)
  if (open.at.getTime() > command.now.getTime() - parts.rules().roundHoursMax * 3_600_000) return undefined
  for (let steps = 0; steps < stepsMax; steps++) {
    const view = await complete(tx, command, parts, open)
    if (view.status !== 'open') return view
    open = (await read())!
  }
  throw new Error(`the rules of ${open.game} do not end the round ${round}`)
}

function isHere(game: string, version: string): boolean {
  try {
    gameOf(game, version)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
