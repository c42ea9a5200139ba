import { get, send, wordsOf } from './api.ts'
import { act, facts, make } from './elements.ts'

type Seeds = { commitment: string; clientSeed: string; rounds: number; since: string; serverSeed?: string }

/**
 * How the rounds of a game are drawn: by the house's generator, or provably fair by seeds of both sides. A button, and a dialog where the
 * player chooses; `fair` tells the table which rounds to ask for.
 */
export async function openSeeds(game: string) {
  const path = `/api/games/${game}/seeds`
  let [inUse, ...earlier] = await read()

  const words = make('input', {
    id: 'client-seed',
    maxlength: '64',
    autocomplete: 'off',
    spellcheck: 'false',
  }) as HTMLInputElement
  const state = make('div', { class: 'seeds-state', 'aria-live': 'polite' })
  const problem = make('p', { class: 'problem', role: 'alert' })
  const dialog = make('dialog', { class: 'seeds', 'aria-label': 'How rounds are drawn' }) as HTMLDialogElement
  const back = act('Back to the house’s generator', {}, () => void change(() => send(path, undefined, 'DELETE')))
  const renew = act('', { class: 'primary' }, () => void change(() => send(path, { clientSeed: words.value })))
  const button = act('', { class: 'quiet sound-switch' }, () => {
    words.value = inUse?.clientSeed ?? suggestion()
    problem.textContent = ''
    dialog.showModal()
  })
  dialog.append(
    make('h2', {}, 'How rounds of this game are drawn'),
    make(
      'p',
      {},
      'Every round is drawn by the house’s certified generator. If you like, let the numbers follow from a seed of the house, which it commits to now, and words of yours: then you can make every number again yourself. The chances are the same.',
    ),
    state,
    make('div', { class: 'field' }, make('label', { for: 'client-seed' }, 'Your words'), words),
    problem,
    make(
      'div',
      { class: 'seeds-acts' },
      renew,
      back,
      act('Close', {}, () => dialog.close()),
    ),
  )
  document.body.append(dialog)
  paint()

  return {
    button,
    get fair(): boolean {
      return inUse !== undefined
    },
    /** A round was played: the next one has the next number. */
    played(): void {
      if (inUse) inUse = { ...inUse, rounds: inUse.rounds + 1 }
      paint()
    },
  }

  async function read(): Promise<Array<Seeds | undefined>> {
    const { seeds } = await get<{ seeds: Seeds[] }>(path)
    return seeds[0] && seeds[0].serverSeed === undefined ? seeds : [undefined, ...seeds]
  }

  async function change(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
      ;[inUse, ...earlier] = await read()
      problem.textContent = ''
    } catch (error) {
      problem.textContent = wordsOf(error)
    }
    paint()
  }

  function paint(): void {
    button.textContent = inUse ? 'Provably fair' : 'How it is drawn'
    renew.textContent = inUse ? 'Show this seed and take new ones' : 'Draw by seeds from now on'
    back.hidden = !inUse
    state.replaceChildren(
      ...(inUse
        ? [
            facts([
              ['The house has committed to (SHA-256 of its seed)', inUse.commitment, 'wide'],
              ['Your words', inUse.clientSeed],
              ['Number of the next round', String(inUse.rounds)],
            ]),
          ]
        : []),
      ...(earlier[0]
        ? [
            make('h3', {}, 'The seeds used last'),
            facts([
              ['The house’s seed', earlier[0].serverSeed ?? '', 'wide'],
              ['It had committed to', earlier[0].commitment, 'wide'],
              ['Your words', earlier[0].clientSeed],
              ['Rounds', String(earlier[0].rounds)],
            ]),
            make(
              'p',
              {},
              make('a', { href: '/fairness' }, 'Check a round yourself'),
              ', or open one in your ',
              make('a', { href: '/history' }, 'history'),
              '.',
            ),
          ]
        : []),
    )
  }
}

/** Words to begin with, from the browser's own randomness. */
function suggestion(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
