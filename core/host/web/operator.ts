import { Hono } from 'hono'
import { html } from 'hono/html'
import * as staff from '#staff'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { lookAtService } from '../service/look.ts'
import { serveAssets } from './assets.ts'
import { deskPage } from './desk.ts'
import { type Content, deskFrame } from './desk-frame.ts'
import { formField } from './layout.ts'
import { servicePage } from './service.ts'

/** The back office: enrolment, sign-in, and one desk with decisions, players, payments and the audit log. */
export function operatorPages(host: Host): Hono<FaceEnv> {
  const app = new Hono<FaceEnv>()
  serveAssets(app)
  app.get('/', (c) => {
    const member = c.get('staff')
    if (!member) return c.redirect('/sign-in')
    return member.proven ? c.html(deskPage(member)) : c.redirect('/passkey')
  })
  app.get('/service', async (c) => {
    const member = c.get('staff')
    if (!member) return c.redirect('/sign-in')
    if (!member.proven) return c.redirect('/passkey')
    staff.permit(member, 'program.view')
    return c.html(servicePage(member.name, await lookAtService(host)))
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

function narrow(title: string, content: Content) {
  return deskFrame(title, 'staff-door', html`<main class="narrow"><p class="brand">Countroom</p>${content}</main>`)
}
