import { get } from './api.ts'
import { byId } from './elements.ts'
import { when } from './words.ts'

type Books = { state: 'sound' | 'contradict' | 'unproven'; provenAt: string | null; firstBad: string | null }

const pollMs = 30_000

/** A bar over the desk while the books contradict themselves: whoever is about to pay somebody must know. */
export async function watchBooks(mayAsk: () => boolean): Promise<void> {
  await paint()
  setInterval(() => {
    if (mayAsk()) void paint()
  }, pollMs)
}

async function paint(): Promise<void> {
  const books = await get<Books>('/api/books').catch(() => undefined) // out of reach is told by the page itself
  if (!books) return
  const bar = byId('proof')
  bar.hidden = books.state !== 'contradict'
  bar.textContent = bar.hidden
    ? ''
    : `The books contradict themselves (${books.firstBad ?? ''}; proof of ${when(books.provenAt ?? '')}). Approve no payout, and tell whoever is on duty.`
}
