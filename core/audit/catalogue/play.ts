import type { Kinds } from '../kind.ts'

const round = {
  player: 'text',
  currency: 'text',
  stake: 'amount',
  win: 'amount',
  round: 'text',
  game: 'text',
  version: 'text',
} as const

const sums = {
  player: 'text',
  currency: 'text',
  day: 'text',
  rounds: 'number',
  staked: 'amount',
  won: 'amount',
} as const

/** Games and what goes with them. A round itself is no event: it is a leaf of the log with its batch. */
export const play = {
  'games.large_win': { title: 'A large win', severity: 'warning', gli: 'd', detail: round },
  'games.large_stake': { title: 'A large wager', severity: 'warning', gli: 'e', detail: round },
  'games.large_wins_of_day': { title: 'Wins of a day became large', severity: 'warning', gli: 'd', detail: sums },
  'games.large_stakes_of_day': { title: 'Wagers of a day became large', severity: 'warning', gli: 'e', detail: sums },
  'games.replay_different': {
    title: 'A round does not replay as it was settled',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { game: 'text', version: 'text' },
  },
  'games.return_outside': {
    title: 'A game returned more or less than chance explains',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: {
      version: 'text',
      currency: 'text',
      level: 'amount',
      part: 'text',
      day: 'text',
      days: 'number',
      rounds: 'number',
      staked: 'amount',
      returned: 'amount',
      deviations: 'text',
    },
  },
  'rng.source_failed': {
    title: 'A source of entropy failed its tests; the generator of outcomes is closed',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { process: 'text', sources: 'texts' },
  },
  'games.library_changed': {
    title: 'A library of games not seen before',
    severity: 'warning',
    gli: 'h',
    changes: ['games'],
  },
  'games.parameters_changed': {
    title: 'Parameters of a game not seen before',
    severity: 'warning',
    gli: 'k',
    changes: ['version', 'sheet'],
  },
  'games.round_voided': {
    title: 'A round could not be continued; every stake went back',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { player: 'text', currency: 'text', stake: 'amount', game: 'text', version: 'text' },
  },
  'games.rounds_viewed': { title: 'Looked at what a player played', detail: { round: 'text?' } },
  'games.rounds_exported': {
    title: 'Downloaded rounds',
    detail: { from: 'instant?', until: 'instant?', game: 'text?', upTo: 'text?' },
  },
  'games.seeds_committed': {
    title: 'Committed to a seed for fair rounds',
    detail: { game: 'text', commitment: 'text' },
  },
  'games.seeds_revealed': { title: 'Showed a seed of fair rounds', detail: { game: 'text', commitment: 'text' } },
  'games.closed': { title: 'Closed a game', severity: 'warning', gli: 'f', detail: { version: 'text?' } },
  'games.opened': {
    title: 'Opened a game again',
    gli: 'f',
    detail: { proposal: 'text?', version: 'text?' },
  },
  'games.version_offered': {
    title: 'Offered another version of a game',
    severity: 'warning',
    gli: 'k',
    detail: { proposal: 'text' },
    changes: ['version', 'rtp'],
  },
  'games.jackpot_changed': {
    title: 'Parameters of a jackpot were changed',
    severity: 'warning',
    gli: 'l',
    changes: ['parameters'],
  },
  'bonuses.parameters_changed': {
    title: 'Parameters of an incentive were changed',
    severity: 'warning',
    gli: 'm',
    changes: ['parameters'],
  },
} as const satisfies Kinds
