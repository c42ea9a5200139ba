import { get, wordsOf } from './api.ts'
import { byId, make } from './elements.ts'
import type { Played } from './fair-fact.ts'
import { outcomeOf } from './fair-outcomes.ts'
import { commitmentOf, fairDraws, type Seeds } from './fair-stream.ts'
import { answer } from './form.ts'

type Draw = [purpose: string, range: number, value: number]
type Recall = Omit<Played, 'sheet'> & {
  game: string
  version: string
  draws: Draw[]
  fair?: { commitment: string; clientSeed: string; nonce: number; serverSeed?: string }
}

/** The numbers of a provably fair round, made here from its seeds, and what they come to, beside what the house recorded. */
const form = byId('fair') as HTMLFormElement
const round = new URLSearchParams(location.search).get('round') ?? ''
let recorded: Draw[] = []
let played: (Played & { game: string }) | undefined

answer(form, () => void compute())
if (round) await fill(round)

async function fill(id: string): Promise<void> {
  try {
    const { draws, fair, ...recall } = await get<Recall>(`/api/rounds/${encodeURIComponent(id)}`)
    if (!fair) return tell('This round was drawn by the house’s generator alone, not by seeds.')
    recorded = draws
    const { version, sheet } = await get<{ version: string; sheet: Played['sheet'] }>(`/api/games/${recall.game}`)
    if (version === recall.version) played = { ...recall, sheet } // of another the rules are in its own sheet
    const { serverSeed = '', clientSeed, nonce, commitment } = fair
    const ranges = draws.map(([, range]) => range).join(' ')
    for (const [name, value] of Object.entries({ serverSeed, clientSeed, nonce: String(nonce), commitment, ranges }))
      field(name).value = value
    if (serverSeed) await compute()
    else
      tell(
        'The house’s seed of this round is in use yet. It is shown when you change your seeds on the page of the game.',
      )
  } catch (error) {
    tell(wordsOf(error))
  }
}

async function compute(): Promise<void> {
  try {
    const [serverSeed, clientSeed, nonce] = ['serverSeed', 'clientSeed', 'nonce'].map((name) => field(name).value) as [
      string,
      string,
      string,
    ]
    const ranges = field('ranges')
      .value.split(/[\s,]+/)
      .filter(Boolean)
      .map(Number)
    if (ranges.length === 0 || !ranges.every((range) => Number.isInteger(range) && range > 0 && range <= 2 ** 32))
      throw new Error('Say out of how many each number was drawn: whole numbers, with spaces between them.')
    const draws = await fairDraws({ serverSeed: serverSeed.trim(), clientSeed, nonce: nonce.trim() }, ranges)
    const kept = (await commitmentOf(serverSeed.trim())) === field('commitment').value.trim().toLowerCase()
    byId('verdict').replaceChildren(
      verdict(
        kept,
        'The house kept to the seed it had committed to.',
        'This seed is not the one the house had committed to.',
      ),
      ...(recorded.length === 0
        ? []
        : [
            verdict(
              draws.every((value, index) => value === recorded[index]?.[2]),
              'Every number is the one that was played.',
              'These are not the numbers that were played.',
            ),
          ]),
      ...(played ? await outcomeWords({ serverSeed: serverSeed.trim(), clientSeed, nonce: nonce.trim() }, played) : []),
      make(
        'ol',
        { class: 'numbers', start: '1' },
        ...draws.map((value, index) => make('li', {}, numberWords(value, ranges[index]!, recorded[index]?.[0]))),
      ),
    )
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error))
  }
}

/** What the game makes of these numbers, by its rules alone, beside what was shown when it was played. */
async function outcomeWords(seeds: Seeds, played: Played & { game: string }): Promise<HTMLElement[]> {
  const { facts, draws } = await outcomeOf(seeds, played.game, played)
  const asked = draws.length === recorded.length && draws.every(([range], n) => range === recorded[n]![1])
  const cell = (text: string) => make('td', {}, text)
  return [
    verdict(
      asked && facts.every(({ made, played }) => made === played),
      'They come to the outcome that was played.',
      'They do not come to the outcome that was played. Tell support.',
    ),
    make(
      'table',
      { class: 'outcome' },
      make('tr', {}, ...['', 'From these numbers', 'As it was played'].map((head) => make('th', {}, head))),
      ...facts.map(({ what, made, played }) =>
        make('tr', made === played ? {} : { class: 'bad' }, make('th', {}, what), cell(made), cell(played)),
      ),
    ),
  ]
}

function verdict(holds: boolean, yes: string, no: string): HTMLElement {
  return make('p', { class: holds ? 'note good' : 'note bad' }, holds ? yes : no)
}

function numberWords(value: number, range: number, purpose?: string): string {
  return `${purpose ? `${purpose}: ` : ''}${value}, of 0 to ${range - 1}`
}

function tell(words: string): void {
  byId('verdict').replaceChildren(make('p', { class: 'note' }, words))
}

function field(name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement
}
