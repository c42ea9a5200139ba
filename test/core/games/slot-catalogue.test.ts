import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as games from '#games'
import { ctrDrbg, type Draws } from '#rng'
import { asWords, createStream } from '../../../core/rng/stream.ts'
import { expectGolden } from './golden.ts'

const folder = join(import.meta.dirname, '../../../core/games/catalogue')
const slots = games.catalogue().filter(({ kind }) => kind === 'slot')
describe.each(slots.map((slot) => [slot.id, slot] as const))('%s', (id, slot) => {
  const choice = slot.readChoice(slot.sample, 'EUR')
  const stake = Number(slot.stakeOf(choice))
  const spread = slot.spread!(choice)

  test('its kept cycle is every spin of its sheet, enumerated, and agrees with symbol counts; vitest -u writes another', async () => {
    const { sheet } = (await import(join(folder, id, 'sheet.ts'))) as { sheet: games.SlotSheet }
    const cycle = games.cycleOf(sheet)
    await expect(cycleFile(cycle)).toMatchFileSnapshot(join(folder, id, 'cycle.ts'))
    if (!sheet.lines) return
    const line = games.analyseLine(sheet)
    const sum = (of: (each: games.Cycle[number]) => bigint) => cycle.reduce((total, each) => total + of(each), 0n)
    expect(
      games.fraction(
        sum((each) => each.times),
        sum((each) => each.spins),
      ),
    ).toEqual(games.fraction(line.times * BigInt(sheet.lines.length), line.cycle))
  })

  test('plays as its version did when it was written down [GLI-A.6.1b]', () => {
    const inputs = [slot.sample, ...(slot.sheet.gamble ? [{ ...(slot.sample as object), gamble: true }] : [])]
    expectGolden(slot, inputs, (state, open, pick) => decide(state as unknown as Waiting, open, pick))
  })

  test('returns 94 to 97 %, at every stake alike [GLI-4.7.1a]', () => {
    expect(games.toNumber(slot.rtp)).toBeGreaterThan(0.94)
    expect(games.toNumber(slot.rtp)).toBeLessThan(0.97)
    for (const minor of [slot.stakeMin, slot.stakeMax]) {
      const { mean } = slot.spread!(slot.reviveChoice(JSON.stringify({ stake: String(minor) })))
      expect(games.fraction(mean.n, mean.d * minor)).toEqual(slot.rtp)
    }
    expect(Object.keys(slot.rules).sort()).toEqual(['de', 'en', 'es', 'fr'])
  })

  test('rounds that are played come to its return, within three standard errors', () => {
    const stream = drawsFor(id)
    const rounds = 10_000
    let sum = 0
    for (let n = 0; n < rounds; n++) sum += Number(playOut(slot, choice, (range) => stream.draw(range)))
    const error = Math.sqrt(games.toNumber(spread.variance) / rounds)
    expect(Math.abs(sum / rounds - games.toNumber(spread.mean)) / error).toBeLessThan(3)
    expect(sum / rounds).toBeLessThan(2 * stake)
  })

  test('so do spins by the tables, a million and more, where free spins are all that they bring', () => {
    const sheet = slot.sheet as unknown as games.SlotSheet
    if (sheet.hold || sheet.pick) return
    const stream = drawsFor(`${id}, tables`)
    const stops = new Uint8Array(8_000_000)
    for (let at = 0; at < stops.length; ) for (const strip of sheet.strips!) stops[at++] = stream.draw(strip.length)
    const { spins, times } = games.openSimulation(sheet)(stops)
    const mean = (Number(slot.stakeOf(choice)) * times) / (sheet.lines?.length ?? sheet.ways!.parts) / spins
    const error = Math.sqrt(games.toNumber(spread.variance) / spins)
    expect(spins).toBeGreaterThan(1_000_000)
    expect(Math.abs(mean - games.toNumber(spread.mean)) / error).toBeLessThan(3)
  })
})

/** The same in every run. */
function drawsFor(name: string) {
  const drbg = ctrDrbg({ entropy: Buffer.alloc(48, 3), nonce: Buffer.alloc(16, 4), personalisation: Buffer.from(name) })
  return createStream(() => asWords(drbg.generate(65_536)))
}

test('the reports of all slots stand in the docs; vitest -u writes them again', async () => {
  const text = `# PAR sheets of the slots\n\nEverything below is computed by exact enumeration (\`core/games/slots/README.md\`); a test writes this page and holds it. Awards are in\nstakes; of a line the odds are those of one given line.\n\n${slots.map(parSheet).join('\n')}`
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/par-sheets.md'))
})

function parSheet(slot: games.Game): string {
  const { awards, deviation, ...shares } = slot.sheet.returns as Record<string, string> & {
    awards: Array<{ of: string; times: string; oneIn: string }>
  }
  const { mean, variance } = slot.spread!(slot.reviveChoice(JSON.stringify({ stake: '1' })))
  const rows = [
    ['version', slot.version],
    ['theoretical return', games.showPercent(mean, 10)],
    ...Object.entries(shares).filter(([name]) => name !== 'rtp'),
    ['variance of a round, in stakes squared', games.toNumber(variance).toFixed(6)],
    ['standard deviation, in stakes', deviation],
    ['volatility index at 95 %', (1.96 * Math.sqrt(games.toNumber(variance))).toFixed(2)],
    ...awards.map(({ of, times, oneIn }) => [
      `award of a ${of}`,
      `${times}, 1 in ${Number(oneIn).toLocaleString('en')}`,
    ]),
  ]
  return `## ${slot.name}\n\n| | |\n| --- | --- |\n${rows.map(([name = '', value]) => `| ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} | ${value} |\n`).join('')}`
}

type Waiting = { boxes?: number[]; outcome: { pick?: { opened: Array<{ box: number }> } } }

/** Opens any box that is closed; gambles on a colour now and then. */
function decide({ boxes = [], outcome }: Waiting, open: readonly string[], pick: Draws): unknown {
  if (!open.includes('open')) return pick(2, '') === 0 ? { move: 'gamble', on: 'red' } : { move: 'finish' }
  const opened = outcome.pick?.opened.map(({ box }) => box) ?? []
  const closed = [...boxes.keys()].filter((box) => !opened.includes(box))
  return { move: 'open', box: closed[pick(closed.length, '')] }
}

function playOut(slot: games.Game, choice: unknown, draws: Draws): bigint {
  let step = slot.play(choice, draws)
  while (step.state) {
    const move = decide(step.state as unknown as Waiting, slot.moves!.open(step.state), draws)
    step = slot.moves!.make(step.state, slot.moves!.read(step.state, move), draws)
  }
  return step.win
}

function cycleFile(cycle: games.Cycle): string {
  const rows = cycle.map(
    (each) =>
      `  [${each.scatters}, ${each.held}, ${each.picks}, ${each.spins}n, ${each.paid}n, ${each.times}n, ${each.squares}n, ${each.most}n, ${each.mostSpins}n],\n`,
  )
  return `import { readCycle } from '../../slots/cycle.ts'

/** Every spin of the sheet, enumerated; a test enumerates it again. */
export const cycle = readCycle([
${rows.join('')}])
`
}
