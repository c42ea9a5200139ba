import { get, wordsOf } from './api.ts'
import { openDialog, table } from './desk-parts.ts'
import { act, make } from './elements.ts'
import type { Money } from './money.ts'
import { drawReplay, type Recall } from './replay.ts'
import { endWords } from './round-words.ts'
import { capital, when } from './words.ts'

type Round = Pick<Recall, 'round' | 'game' | 'status' | 'at'> & { stake: Money; win: Money }

const pageLength = 20

/** A player's rounds, newest first, each recalled as its player sees it. Every look is written down with the reason given. */
export async function openPlayerRounds(player: string, reason: string): Promise<void> {
  const at = `/api/players/${player}/rounds`
  const rounds = await page()
  const content = make('div', { class: 'rounds-seen' })
  const close = openDialog('Rounds of the player', 'wide', content)
  let isMore = rounds.length === pageLength
  let fetching: Promise<void> | undefined
  list()

  function page(before?: string): Promise<Round[]> {
    const query = new URLSearchParams({ reason, limit: String(pageLength), ...(before ? { before } : {}) })
    return get<{ rounds: Round[] }>(`${at}?${query}`).then(({ rounds }) => rounds)
  }

  function list(): void {
    const rows = rounds.map((round) => [
      when(round.at),
      capital(round.game.replaceAll('-', ' ')),
      endWords(round),
      act('Recall', { 'aria-label': `Recall ${round.round}` }, () => void recall(round)),
    ])
    content.replaceChildren(
      make('h2', {}, 'Rounds'),
      table(['When', 'Game', 'How it came out', ''], rows, 'No round was played.'),
      make('div', { class: 'decision' }, ...(isMore ? [earlierButton()] : []), act('Close', {}, close)),
    )
  }

  function earlierButton(): HTMLButtonElement {
    const button = act('Earlier rounds', {}, async () => {
      button.disabled = true
      try {
        await fetchEarlier()
        if (button.isConnected) list()
      } catch (error) {
        button.replaceWith(make('p', { class: 'problem', role: 'alert' }, wordsOf(error)))
      }
    })
    return button
  }

  /** Asked once, however often it is pressed: each look is written down. */
  function fetchEarlier(): Promise<void> {
    fetching ??= page(rounds.at(-1)?.round)
      .then((more) => {
        rounds.push(...more)
        isMore = more.length === pageLength
      })
      .finally(() => {
        fetching = undefined
      })
    return fetching
  }

  async function recall({ round }: Round): Promise<void> {
    const back = act('Back to the rounds', {}, list)
    content.replaceChildren(make('p', { role: 'status' }, 'One moment …'), back)
    const isHere = () => back.isConnected // nobody went back meanwhile
    try {
      const found = await get<Recall & { country: string | null }>(`${at}/${round}?${new URLSearchParams({ reason })}`)
      if (!isHere()) return
      const signedIn = ['Signed in from', found.country ?? 'could not be told'] as const
      content.replaceChildren(
        make('h2', {}, 'As the player sees it'),
        drawReplay(found, found.name, { facts: [['Session', found.session], signedIn] }),
        make('div', { class: 'decision' }, back, act('Close', {}, close)),
      )
    } catch (error) {
      if (isHere()) content.replaceChildren(make('p', { class: 'problem', role: 'alert' }, wordsOf(error)), back)
    }
  }
}
