type Art = { cover(game: string): Element[] }

/** Each game brings its own picture; one that does not come leaves the door plain. */
for (const place of document.querySelectorAll<HTMLElement>('[data-art]'))
  import(`/assets/games/${place.dataset.art}/art.js`).then(
    ({ cover }: Art) => place.append(...cover(place.dataset.game ?? '')),
    () => {},
  )
