import { Hono } from 'hono'
import { html } from 'hono/html'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { serveAssets } from './assets.ts'
import { formField } from './layout.ts'

/** The back office: enrolment, sign-in, and one desk with withdrawals, players and the audit log. */
export function operatorPages(_host: Host): Hono<FaceEnv> {
  const app = new Hono<FaceEnv>()
  serveAssets(app)
  app.get('/', (c) =>
    c.get('staff') ? c.html(desk(c.get('staff')?.name ?? '', c.get('staff')?.role ?? '')) : c.redirect('/sign-in'),
  )
  app.get('/sign-in', (c) =>
    c.html(
      frame(
        'Sign in',
        html`<form class="card" data-post="/api/sessions" data-next="/"><h1>Back office</h1>
        ${formField('login', 'Name', { autocomplete: 'username' })}${formField('password', 'Password', { type: 'password', autocomplete: 'current-password' })}
        <p class="problem" role="alert"></p><button class="primary">Sign in</button></form>`,
      ),
    ),
  )
  app.get('/enrol', (c) =>
    c.html(
      frame(
        'Enrol',
        html`<form class="card" data-post="/api/enrolments/use" data-next="/sign-in" data-secret><h1>Welcome to the back office</h1>
        <p>This link works once. Choose a name and a password of at least 15 characters.</p>
        ${formField('login', 'Name', { autocomplete: 'username' })}${formField('password', 'Password', { type: 'password', autocomplete: 'new-password' })}
        <p class="problem" role="alert"></p><button class="primary">Enrol</button></form>`,
      ),
    ),
  )
  return app
}

function frame(title: string, content: ReturnType<typeof html>) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Countroom back office</title><link rel="icon" href="data:," /><link rel="stylesheet" href="/assets/operator.css" />
    <script type="module" src="/assets/account.js"></script></head><body><main class="narrow">${content}</main></body></html>`
}

function desk(name: string, role: string) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Desk · Countroom back office</title><link rel="icon" href="data:," /><link rel="stylesheet" href="/assets/operator.css" />
    <script type="module" src="/assets/desk.js"></script></head>
    <body><header><strong>Countroom back office</strong><span>${name} · ${role}</span><a href="/openapi">API</a><button id="sign-out">Sign out</button></header>
    <main><section><h2>Withdrawals waiting for a decision</h2><div id="withdrawals" aria-live="polite"></div></section>
      <section><h2>Players</h2><form id="find"><label>E-mail<input name="email" type="email" /></label><button>Find</button></form><div id="players"></div><div id="player" aria-live="polite"></div></section>
      <section><h2>Deposits</h2><div id="deposits"></div></section>
      <section><h2>Audit log</h2><div id="audit"></div></section></main></body></html>`
}
