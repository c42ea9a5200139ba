import { Hono } from 'hono'
import { html } from 'hono/html'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { serveAssets } from './assets.ts'
import { type Content, formField } from './layout.ts'

/** The back office: enrolment, sign-in, and one desk with decisions, players, payments and the audit log. */
export function operatorPages(_host: Host): Hono<FaceEnv> {
  const app = new Hono<FaceEnv>()
  serveAssets(app)
  app.get('/', (c) => {
    const staff = c.get('staff')
    if (!staff) return c.redirect('/sign-in')
    return staff.proven ? c.html(desk(staff.name, staff.roles.join(', '))) : c.redirect('/passkey')
  })
  app.get('/sign-in', (c) =>
    c.html(
      narrow(
        'Sign in',
        html`<form class="card" id="sign-in"><h1>Back office</h1>
        ${c.req.query('ended') === undefined ? '' : html`<p class="note">Your session has ended. Sign in again to go on.</p>`}
        ${c.req.query('enrolled') === undefined ? '' : html`<p class="note good">You are enrolled. Sign in with the passkey you have made.</p>`}
        <p class="problem" role="alert"></p><button class="primary" disabled>Sign in with your passkey</button>
        <p class="fine">No account yet? You enrol by the one-time link a colleague gives you. Lost your passkey? Two colleagues let you make another.</p></form>
        <details class="card"><summary>I have no passkey yet</summary><form id="sign-in-once">
        ${formField('login', 'Name', { autocomplete: 'username', maxlength: '40', hint: 'The name you enrolled with: letters, digits, dot, dash or underscore.' })}
        ${formField('password', 'Password', { type: 'password', autocomplete: 'current-password' })}
        <p class="problem" role="alert"></p><button disabled>Sign in to make one</button></form></details>`,
      ),
    ),
  )
  app.get('/passkey', (c) =>
    c.get('staff')
      ? c.html(
          narrow(
            'Passkey',
            html`<form class="card" id="make-passkey"><h1>Make your passkey</h1>
        <p class="fine">Everybody who works here signs in with a passkey: on this device, on your telephone, or on a security key. Until you have one you can do nothing else.</p>
        ${formField('label', 'What you call it', { value: 'My passkey', maxlength: '60' })}
        <p class="problem" role="alert"></p><button class="primary" disabled>Make a passkey</button></form>`,
          ),
        )
      : c.redirect('/sign-in'),
  )
  app.get('/enrol', (c) =>
    c.html(
      narrow(
        'Enrol',
        html`<form class="card" id="enrol"><h1>Welcome to the back office</h1>
        <p class="fine">This link works once. You sign in with a passkey, which you make now; the password, of at least 15 characters, is for the console.</p>
        ${formField('login', 'Name', { autocomplete: 'username', maxlength: '40', hint: '3 to 40 letters, digits, dots, dashes or underscores.' })}
        ${formField('password', 'Password', { type: 'password', autocomplete: 'new-password' })}
        <p class="problem" role="alert"></p><button class="primary" disabled>Enrol with a passkey</button></form>`,
      ),
    ),
  )
  return app
}

function frame(title: string, module: string, content: Content) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Countroom back office</title><link rel="icon" href="data:," /><link rel="stylesheet" href="/assets/operator.css" />
    <script type="module" src="/assets/${module}.js"></script></head><body>${content}</body></html>`
}

function narrow(title: string, content: Content) {
  return frame(title, 'staff-door', html`<main class="narrow"><p class="brand">Countroom</p>${content}</main>`)
}

function desk(name: string, roles: string) {
  return frame(
    'Desk',
    'desk',
    html`<header><strong class="brand">Countroom <span>back office</span></strong>
      <nav aria-label="Parts of the desk"><a href="#queue">Decisions</a><a href="#proposals">Approvals</a><a href="#players">Players</a><a href="#payments">Payments</a><a href="#books">Books</a><a href="#staff">Staff</a><a href="#audit">Audit log</a><a href="/openapi">API</a></nav>
      <span class="who">${name} · ${roles}</span><button type="button" id="sign-out">Sign out</button></header>
    <p id="proof" class="alarm" role="alert" hidden></p><p id="emergency" class="alarm" role="alert" hidden></p>
    <main><p id="told" class="note good" role="status" hidden></p>
      <section><h2>Waiting for a decision</h2><div id="queue" aria-live="polite"></div></section>
      <section><div class="bar"><h2>Approvals</h2><button type="button" id="ask">Ask for something</button></div><div id="proposals" aria-live="polite"></div></section>
      <section><div class="bar"><h2>Players</h2><form id="find"><label for="find-email">E-mail, in full</label><input id="find-email" name="email" type="email" maxlength="254" placeholder="ada@example.com" /><button disabled>Find</button></form></div><div id="players"></div></section>
      <section><h2>Deposits and withdrawals</h2><div id="payments"></div></section>
      <section><div class="bar"><h2>Books</h2><a class="button" href="/api/house/entries.csv" download>Entries of the house (CSV)</a></div><div id="books"></div></section>
      <section><h2>Staff</h2><div id="staff"></div></section>
      <section><div class="bar"><h2>Audit log</h2>${auditFilter()}</div><div id="audit" aria-live="polite"></div></section></main>`,
  )
}

function auditFilter() {
  const field = (name: string, label: string, input: Content) =>
    html`<div><label for="audit-${name}">${label}</label>${input}</div>`
  const text = (name: string, placeholder: string) =>
    html`<input id="audit-${name}" name="${name}" maxlength="200" placeholder="${placeholder}" />`
  const time = (name: string) => html`<input id="audit-${name}" name="${name}" type="datetime-local" />`
  return html`<form id="audit-find" class="filter">
    ${field('code', 'What', html`<select id="audit-code" name="code"><option value="">everything</option></select>`)}
    ${field('actor', 'Who', text('actor', 'stf_… or a process'))}
    ${field('player', 'Player', text('player', 'plr_…'))}
    ${field('outcome', 'Outcome', html`<select id="audit-outcome" name="outcome"><option value="">any</option><option value="success">done</option><option value="failure">failed</option><option value="denied">denied</option></select>`)}
    ${field('from', 'From (UTC)', time('from'))} ${field('to', 'To (UTC)', time('to'))}
    <label class="check"><input name="significant" type="checkbox" value="true" /> significant only</label>
    <button class="primary" disabled>Search</button><button type="reset">Clear</button>
    <button type="button" id="audit-jsonl">JSON lines</button><button type="button" id="audit-csv">CSV</button></form>`
}
