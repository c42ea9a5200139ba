import { baccarat, blackjack, jacksOrBetter } from './fair-cards.ts'
import { type Draw, type Fact, fact, type Mapping, type Played } from './fair-fact.ts'
import { slotOutcome } from './fair-slots.ts'
import { openFair, type Seeds } from './fair-stream.ts'

const limboShare = 99n * 3_603_600_000n
const tiles = 25

const mappings: Record<string, Mapping> = {
  'roulette-european': roulette,
  'roulette-american': roulette,
  'roulette-french': roulette,
  async dice(draw, { outcome }) {
    return [fact('Roll', await draw(10_000), outcome.roll)]
  },
  async limbo(draw, { outcome }) {
    const height = Number(limboShare / BigInt((await draw(3_603_600_000)) + 1))
    return [fact('Height, in hundredths', Math.max(100, height), outcome.reached)]
  },
  async plinko(draw, { choice, outcome }) {
    const path: number[] = []
    for (let row = 0; row < Number(choice.rows); row++) path.push(await draw(2))
    return [
      fact('Path, 1 is right', path, outcome.path),
      fact(
        'Bucket from the left',
        path.reduce((sum, right) => sum + right, 0),
        outcome.bucket,
      ),
    ]
  },
  async mines(draw, { choice, outcome }) {
    const left = Array.from({ length: tiles }, (_, tile) => tile)
    const mines: number[] = []
    for (let mine = 0; mine < Number(choice.mines); mine++) mines.push(left.splice(await draw(left.length), 1)[0]!)
    return [fact('Mines', mines, (outcome.ended as { mines: number[] }).mines)]
  },
  baccarat,
  blackjack,
  'jacks-or-better': jacksOrBetter,
}

/**
 * The facts of a settled round, with every number that was drawn for them: value and range, in order.
 *
 * @throws Error for a seed that is none, a game that is not known here, or a record that its own rules do not lead to
 */
export async function outcomeOf(
  seeds: Seeds,
  game: string,
  played: Played,
): Promise<{ facts: Fact[]; draws: Array<[range: number, value: number]> }> {
  const stream = await openFair(seeds)
  const draws: Array<[number, number]> = []
  const draw: Draw = async (range) => {
    const value = await stream(range)
    draws.push([range, value])
    return value
  }
  const mapping = mappings[game] ?? (played.outcome.base ? slotOutcome : undefined)
  if (!mapping) throw new Error('How the numbers of this game become its outcome is not known on this page.')
  return { facts: await mapping(draw, played), draws }
}

async function roulette(draw: Draw, { outcome, sheet }: Played): Promise<Fact[]> {
  return [fact('Number, 37 is 00', await draw((sheet.wheel as number[]).length), outcome.number)]
}
