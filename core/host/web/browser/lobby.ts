import { symbol } from './art.ts'

for (const art of document.querySelectorAll<HTMLElement>('[data-art]'))
  for (const name of art.dataset.art === 'midnight-orchard' ? ['owl', 'lantern', 'moon'] : ['wheel'])
    art.append(symbol(name))
