import { html } from 'hono/html'

type Content = ReturnType<typeof html>

/** The frame of every page of the player: what they have, how this session stands, the way to their limits. */
export function page(title: string, signedIn: boolean, module: string, content: Content) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Countroom</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/player.css" />
        <script type="module" src="/assets/shell.js"></script>
        <script type="module" src="/assets/${module}.js"></script>
      </head>
      <body data-signed-in="${signedIn ? 'yes' : 'no'}">
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <a class="brand" href="/">Countroom</a>
          ${
            signedIn
              ? html`<dl class="standing" aria-label="Your session">
                    <div><dt>Balance</dt><dd id="balance">–</dd></div>
                    <div><dt>Net this session</dt><dd id="net">–</dd></div>
                    <div><dt>Time</dt><dd id="elapsed">00:00:00</dd></div>
                  </dl>
                  <nav aria-label="Account"><a href="/cashier">Cashier</a><a href="/history">History</a><a href="/limits">Limits</a><button id="sign-out" class="quiet">Sign out</button></nav>`
              : html`<nav aria-label="Account"><a href="/sign-in">Sign in</a><a class="button" href="/register">Open an account</a></nav>`
          }
        </header>
        <main id="main"><p id="bar" class="bar" hidden></p>${content}</main>
        <footer>Play is for adults. <a href="/limits">Set a limit, take a break, or exclude yourself</a> at any time.</footer>
      </body>
    </html>`
}

/** A labelled input; its name is the member of the request. */
export function formField(name: string, label: string, attributes: Record<string, string> = {}) {
  const { type = 'text', value = '', autocomplete = 'off', inputmode = 'text', maxlength = '256' } = attributes
  return html`<label>${label}<input name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}" inputmode="${inputmode}" maxlength="${maxlength}" required /></label>`
}
