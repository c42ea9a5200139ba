import { html } from 'hono/html'

export type Content = ReturnType<typeof html>

export type Page = {
  title: string
  signedIn: boolean
  /** The browser module of this page. */
  module: string
  /** Styles of this page besides the common ones. */
  style?: string
  /** Further ones, after it. */
  styles?: readonly string[]
  /** Classes of the page, where they are others than its style. */
  look?: string
  /** The path of the page in the navigation, to mark it there. */
  here?: string
}

const places = [
  ['/', 'Lobby'],
  ['/cashier', 'Cashier'],
  ['/history', 'History'],
  ['/limits', 'Limits'],
  ['/security', 'Security'],
] as const

/** The frame of every page of the player: what they have, how this session stands, the way to their limits. */
export function page({ title, signedIn, module, style, styles = [], look, here }: Page, content: Content) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="dark" />
        <meta name="theme-color" content="#11151c" />
        <title>${title} · Countroom</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/player.css" />
        ${[...(style ? [style] : []), ...styles].map((name) => html`<link rel="stylesheet" href="/assets/${name}.css" />`)}
        <script type="module" src="/assets/shell.js"></script>
        <script type="module" src="/assets/${module}.js"></script>
      </head>
      <body data-signed-in="${signedIn ? 'yes' : 'no'}" class="${look ?? style ?? 'plain'}">
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <a class="brand" href="/" aria-label="Countroom">C<span class="${signedIn ? 'wide-only' : ''}">ountroom</span></a>
          ${
            signedIn
              ? html`<dl class="standing" aria-label="Your session">
                    <div><dt>Balance</dt><dd id="balance">–</dd><dd id="held" class="held" hidden></dd></div>
                    <div><dt>Net<span class="wide-only"> this session</span></dt><dd id="net">–</dd></div>
                    <div><dt>Time</dt><dd id="elapsed">00:00:00</dd></div>
                  </dl>
                  <button type="button" class="menu" popovertarget="menu" aria-label="Menu">☰</button>
                  <nav id="menu" popover aria-label="Account">${places.map(
                    ([path, name]) =>
                      html`<a href="${path}" ${path === here ? html`aria-current="page"` : ''}>${name}</a>`,
                  )}<button type="button" id="sign-out" class="quiet">Sign out</button></nav>`
              : html`<nav aria-label="Account"><a href="/sign-in">Sign in</a><a class="button primary" href="/register">Open an account</a></nav>`
          }
        </header>
        <main id="main"><p id="bar" class="bar" hidden></p>${content}</main>
        <footer class="foot">
          <div>
            <h2>Play within your means</h2>
            <p>Play is for adults. If it stops being fun, <a href="/limits">set a deposit limit, take a break, or exclude yourself</a>. A tighter limit holds at once, and nobody here can lift an exclusion early.</p>
          </div>
          <div>
            <h2>How it works</h2>
            <p>Every outcome is drawn by the house’s generator and settled before you see it. Each round stays in your <a href="/history">history</a>, where it is played again from its draws.</p>
          </div>
          <nav aria-label="About"><a href="/limits">Limits and breaks</a><a href="/terms">Terms</a><a href="/privacy">Privacy</a></nav>
        </footer>
      </body>
    </html>`
}

export type Field = {
  type?: string
  value?: string
  autocomplete?: string
  inputmode?: string
  maxlength?: string
  /** Told below the field, and again when the API does not take what is in it. */
  hint?: string
  /** Where two forms of a page have a field of the same name. */
  id?: string
}

/** A labelled input with a place for its problem; its name is the member of the request. */
export function formField(name: string, label: string, field: Field = {}) {
  const { type = 'text', value = '', autocomplete = 'off', inputmode = 'text', maxlength = '256', hint } = field
  const id = field.id ?? `field-${name}`
  return html`<div class="field"><label for="${id}">${label}</label>
    <input id="${id}" name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}" inputmode="${inputmode}" maxlength="${maxlength}" aria-describedby="${id}-problem" ${hint ? html`data-hint="${hint}"` : ''} required />
    <p class="field-problem" id="${id}-problem" role="alert"></p></div>`
}

/** A labelled choice, in the same shape. */
export function formChoice(name: string, label: string, options: ReadonlyArray<readonly [string, string]>, first = '') {
  const id = `field-${name}`
  return html`<div class="field"><label for="${id}">${label}</label>
    <select id="${id}" name="${name}" aria-describedby="${id}-problem" required>${first ? html`<option value="">${first}</option>` : ''}${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select>
    <p class="field-problem" id="${id}-problem" role="alert"></p></div>`
}
