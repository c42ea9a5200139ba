import { Refusal } from '#base'

export const gameUnknown = () => new Refusal('absent', 'games.unknown', 'There is no such game.')
export const gameClosed = () => new Refusal('refused', 'games.closed', 'This game is closed at the moment.')
export const choiceInvalid = (why: string) => new Refusal('invalid', 'games.choice_invalid', why)
export const stakeOutOfBounds = (why: string) => new Refusal('refused', 'games.stake_out_of_bounds', why)
export const roundUnknown = () => new Refusal('absent', 'games.round_unknown', 'There is no such round.')
export const closedAlready = () => new Refusal('conflict', 'games.closed_already', 'This game is closed already.')
export const notClosed = () => new Refusal('conflict', 'games.not_closed', 'This game is not closed.')
export const versionUnknown = () =>
  new Refusal('refused', 'games.version_unknown', 'This program has another version of the game.')
export const returnDiffers = (rtp: string) =>
  new Refusal('refused', 'games.return_differs', `The return of this version is ${rtp}.`, { rtp })
export const offeredAlready = () => new Refusal('conflict', 'games.offered_already', 'This version is offered already.')
export const versionNotHere = () =>
  new Refusal('unavailable', 'games.version_not_here', 'This version of the game is not here at the moment.')
export const roundOpen = () =>
  new Refusal('conflict', 'games.round_open', 'A round of this game waits for you. Finish it first.')
export const otherOpen = () =>
  new Refusal(
    'conflict',
    'games.other_open',
    'A round of another such game waits for you, and the licence allows one at a time. Finish it first.',
  )
export const roundOver = () => new Refusal('conflict', 'games.round_over', 'This round is over.')
export const stepDiffers = (step: number) =>
  new Refusal('conflict', 'games.step_differs', 'The round has gone on meanwhile. Look at it again.', { step })
export const stakeTooHigh = () =>
  new Refusal('refused', 'games.stake_too_high', 'The licence does not allow so high a stake on this game.')
export const notFair = () =>
  new Refusal('conflict', 'games.not_fair', 'Rounds of this game are not drawn by seeds. Choose yours first.')
export const fairRoundOpen = () =>
  new Refusal(
    'conflict',
    'games.fair_round_open',
    'A round by these seeds waits for you. Finish it first: what it hides follows from them.',
  )
export const clientSeedInvalid = () =>
  new Refusal('invalid', 'games.client_seed_invalid', 'Your words are 1 to 64 printable ASCII characters.')
export const tooSoon = () =>
  new Refusal('refused', 'games.too_soon', 'The next round may not begin yet. Please wait a moment.')
export const autoplayForbidden = () =>
  new Refusal('refused', 'games.autoplay_forbidden', 'The licence wants every round to be begun by the player.')
export const freePlaceInvalid = () =>
  new Refusal('invalid', 'games.free_place_invalid', 'This round without money cannot be gone on with. Begin another.')
export const freePlayRefused = (why: string) => new Refusal('forbidden', 'games.free_play_refused', why)
