import { html } from 'hono/html'

type Place = 'arriving' | 'signed-out' | 'gone'

const words: Record<Place, string> = {
  arriving: 'One moment.',
  'signed-out': 'Sign in at the back office first.',
  gone: 'This sign-on has ended, or began in another browser. Go back to the app and begin again.',
}

/** Between an app and the desk: looks once more as a page of ours, and sends who is not signed in to the desk and back. */
export function signOnPage(place: Place) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Sign on · Countroom back office</title><link rel="icon" href="data:," /><link rel="stylesheet" href="/assets/operator.css" />
    ${place === 'gone' ? '' : html`<script type="module" src="/assets/sign-on.js"></script>`}</head>
    <body data-place="${place}"><main class="narrow"><p class="brand">Countroom</p><p>${words[place]}</p></main></body></html>`
}
