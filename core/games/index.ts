// What can be played, and its exact returns
export { catalogue, gameOf } from './catalogue.ts'
// Sums of a day
export { sumDays } from './day.ts'
// Play without money
export { freePlayRefused } from './errors.ts'
// Provably fair rounds: what both sides agreed on
export { endSeeds, fairnessOf, type SeedsView, seedsOf } from './fairness/seeds.ts'
export { type Fraction, fraction, showPercent, toNumber } from './fraction.ts'
export { type FreePlay, openFreePlay } from './free-play.ts'
export type { Game } from './game.ts'
export { mayBeLarge, noteLarge } from './large.ts'
// What of it is offered, and what is closed
export {
  type Closure,
  close,
  offer,
  open,
  requireOpen,
  returnOf,
  type Standing,
  seeCatalogue,
  standings,
} from './offer.ts'
// Where the pages of games lie
export { pageOf, pages } from './page.ts'
// The hot path: a bet and its settlement
export { type Games, type Order, openGames } from './play.ts'
// A round to its end without its player
export { playOut } from './play-out.ts'
// What the licence says of play
export { type PlayRules, playRules } from './play-rules.ts'
export { stakeCapOf } from './policy.ts'
// What versions took and gave, and whether chance explains it
export { deviationsOf, isOutside, type Sums } from './returns/bound.ts'
export { countReturns } from './returns/count.ts'
export { judgeReturns, type ReturnAlarm, returnAlarms, returnsOf, type StandingReturn } from './returns/judge.ts'
export { type Performance, performance } from './returns/performance.ts'
// Rounds that wait, and rounds that were played
export { type Abandoned, abandonedRounds, conclude } from './rounds/abandoned.ts'
export {
  type RoundsFilter,
  roundsOfAll,
  roundsOfAllCsv,
  walletRounds,
  walletRoundsCsv,
} from './rounds/extract.ts'
export { history } from './rounds/history.ts'
export type { RoundParts } from './rounds/parts.ts'
export { bookingOf, type Recall, recall } from './rounds/recall.ts'
export { waitingRounds } from './rounds/step.ts'
export { type GameTotal, gameTotals } from './rounds/totals.ts'
export type { RoundView } from './rounds/view.ts'
// What batches booked, for whoever seals them
export {
  type BatchHashes,
  type BatchRows,
  type BookedRow,
  batchHashes,
  batchRows,
  type WantedBatch,
} from './rows.ts'
export { type Bet, type Settled, settle } from './settle.ts'
// Slots as data, and what their sheets imply
export { checkSheet } from './slots/check.ts'
export { countsIn, countsOf } from './slots/counts.ts'
export { type Cycle, cycleOf } from './slots/cycle.ts'
export { openEngine } from './slots/engine.ts'
export { analyseLine } from './slots/lines.ts'
export { par } from './slots/par.ts'
export { openRounds } from './slots/round.ts'
export type { SlotSheet } from './slots/sheet.ts'
export { openSimulation } from './slots/simulate.ts'
export { openSpinner } from './slots/spin.ts'
