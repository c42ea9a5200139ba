import { Refusal } from '#base'
import * as games from '#games'

/**
 * A small game of several steps for tests: behind one of four doors is a prize. A player opens doors one by one, or leaves with what
 * is won so far; `double` stakes as much again. Where the prize is, is drawn first and hidden.
 */
export type Doors = games.Game<{ stake: bigint }>
type State = { prize: number; opened: number[]; stake: string }

const invalid = (why: string) => new Refusal('invalid', 'games.choice_invalid', why)

export function doors(changes: { version?: string; breaksAt?: number; waitsForNothing?: boolean } = {}): Doors {
  const { version = 'd00000000000000a', breaksAt, waitsForNothing = false } = changes
  return {
    id: 'doors',
    name: 'Doors',
    kind: 'instant',
    version,
    rtp: games.fraction(9, 10),
    sheet: {},
    rules: { en: ['Open doors.'], de: ['Türen öffnen.'], es: ['Abra puertas.'], fr: ['Ouvrez des portes.'] },
    stakeMin: 10n,
    stakeMax: 100_000n,
    winMax: 1_000_000n,
    sample: { stake: '1.00' },
    readChoice(input, currency) {
      const { stake } = (input ?? {}) as { stake?: unknown }
      if (typeof stake !== 'string' || !/^\d{1,6}\.\d\d$/.test(stake)) throw invalid(`A stake in ${currency}, please.`)
      return { stake: BigInt(stake.replace('.', '')) }
    },
    stakeOf: ({ stake }) => stake,
    play({ stake }, draws) {
      const prize = draws(5, 'prize') // 4: there is none, and the round is over at once
      if (prize === 4) return { outcome: { opened: [], prize }, win: 0n }
      return { outcome: { opened: [] }, win: 0n, state: { prize, opened: [], stake: String(stake) } }
    },
    moves: {
      read(given, input) {
        const { opened } = given as State
        const move = (input as { open?: unknown } | undefined)?.open
        if (move === 'leave' || move === 'double') return move
        if (typeof move !== 'number' || ![0, 1, 2, 3].includes(move) || opened.includes(move))
          throw invalid('There is no such door.')
        return move
      },
      stakeOf: (given, move) => (move === 'double' ? BigInt((given as State).stake) : 0n),
      make(given, move, draws) {
        const { prize, opened, stake } = given as State
        if (move === 'double')
          return {
            outcome: { opened, doubled: true },
            win: 0n,
            state: { prize, opened, stake: String(2n * BigInt(stake)) },
          }
        if (breaksAt !== undefined && move === breaksAt) throw new Error('this door has no handle')
        const all = move === 'leave' ? opened : [...opened, move as number]
        const found = move === prize
        draws(6, 'dust')
        if (!found && move !== 'leave')
          return { outcome: { opened: all }, win: 0n, state: { prize, opened: all, stake } }
        return { outcome: { opened: all, prize, found }, win: found ? BigInt(stake) * 2n : BigInt(stake) / 2n }
      },
      fallback: () => ({ open: 'leave' }),
      open: (given) =>
        waitsForNothing
          ? []
          : ['double', 'leave', ...[0, 1, 2, 3].filter((door) => !(given as State).opened.includes(door)).map(String)],
    },
    writeChoice: ({ stake }) => JSON.stringify({ stake: String(stake) }),
    reviveChoice: (text) => ({ stake: BigInt((JSON.parse(text) as { stake: string }).stake) }),
  } as Doors
}
