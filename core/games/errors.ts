import { Refusal } from '#base'

export const gameUnknown = () => new Refusal('absent', 'games.unknown', 'There is no such game.')
export const gameClosed = () => new Refusal('refused', 'games.closed', 'This game is closed at the moment.')
export const choiceInvalid = (why: string) => new Refusal('invalid', 'games.choice_invalid', why)
export const stakeOutOfBounds = (why: string) => new Refusal('refused', 'games.stake_out_of_bounds', why)
export const roundUnknown = () => new Refusal('absent', 'games.round_unknown', 'There is no such round.')
