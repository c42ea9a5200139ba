import { get } from './api.ts'
import { choice, field, onPress, openDialog } from './desk-parts.ts'
import { act, make } from './elements.ts'
import { onSubmit } from './form.ts'

type Games = { games: Array<{ game: string; name: string }> }

/** A file of everybody's rounds of a span of time; who took it and why is written down. */
export function openRoundsFile(): void {
  onPress('rounds-of-all', () => void ask())
}

async function ask(): Promise<void> {
  const { games } = await get<Games>('/api/games')
  const time = (name: string, more: Record<string, string> = {}) =>
    make('input', { name, type: 'datetime-local', step: '1', ...more })
  const title = 'Rounds as a file'
  const form = make(
    'form',
    { class: 'asking' },
    make('h2', {}, title),
    make('p', { class: 'fine' }, 'Rounds that are over, of all players; those of the last two minutes are not in it.'),
    field('Ended from (UTC)', time('from', { required: '' })),
    field('Until (UTC), or now', time('until')),
    field('Game', choice('game', [['', 'every game'], ...games.map(({ game, name }) => [game, name] as const)])),
    field('Why', make('input', { name: 'reason', required: '', minlength: '3', maxlength: '400' })),
    make('p', { class: 'problem', role: 'alert' }),
    make(
      'div',
      { class: 'decision' },
      make('button', { class: 'primary' }, 'Download'),
      act('Back', {}, () => close()),
    ),
  ) as HTMLFormElement
  const close = openDialog(title, 'proposal', form)
  onSubmit(form, async ({ from = '', until = '', game = '', reason = '' }) => {
    const query = new URLSearchParams({ reason: reason.trim(), from: utc(from) })
    if (until) query.set('until', utc(until))
    if (game) query.set('game', game)
    make('a', { href: `/api/rounds.csv?${query}`, download: '' }).click()
    close()
  })
}

function utc(local: string): string {
  return new Date(`${local}Z`).toISOString()
}
