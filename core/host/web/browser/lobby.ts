import { symbol } from './art.ts'

const scenes: Record<string, string[]> = {
  hero: ['lantern', 'moon', 'owl'],
  'midnight-orchard': ['moth', 'owl', 'lantern', 'moon', 'pear'],
  'roulette-european': ['wheel'],
}

for (const art of document.querySelectorAll<HTMLElement>('[data-art]'))
  for (const name of scenes[art.dataset.art ?? ''] ?? []) art.append(symbol(name))
