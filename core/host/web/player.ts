import { Hono } from 'hono'
import { html } from 'hono/html'
import * as games from '#games'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { serveAssets } from './assets.ts'
import { formField, page } from './layout.ts'

const countries = [
  ['AT', 'Austria'],
  ['BE', 'Belgium'],
  ['CA', 'Canada'],
  ['DE', 'Germany'],
  ['DK', 'Denmark'],
  ['EE', 'Estonia'],
  ['ES', 'Spain'],
  ['FI', 'Finland'],
  ['FR', 'France'],
  ['GB', 'United Kingdom'],
  ['IE', 'Ireland'],
  ['IT', 'Italy'],
  ['MT', 'Malta'],
  ['NO', 'Norway'],
  ['PL', 'Poland'],
  ['PT', 'Portugal'],
  ['SE', 'Sweden'],
  ['US', 'United States'],
] as const

/** The lobby and everything a player sees; pages are shells, what is in them comes from the API. */
export function playerPages(_host: Host): Hono<FaceEnv> {
  const app = new Hono<FaceEnv>()
  serveAssets(app)

  app.get('/', (c) =>
    c.html(
      page(
        'Lobby',
        c.get('session') !== undefined,
        'lobby',
        html`
        <section class="hero"><h1>Good evening.</h1><p>Quiet rooms, fair games, and your limits kept.</p></section>
        <section class="games" aria-label="Games">
          ${games.catalogue().map(
            (game) => html`<a class="game-card ${game.id}" href="/games/${game.id}">
              <span class="game-art" data-art="${game.id}" aria-hidden="true"></span>
              <strong>${game.name}</strong><span>Returns ${games.showPercent(game.rtp, 2)} in the long run</span></a>`,
          )}
        </section>`,
      ),
    ),
  )
  app.get('/games/:game', (c) => {
    const game = games.gameOf(c.req.param('game'))
    if (!c.get('session')) return c.redirect('/sign-in')
    return c.html(
      page(
        game.name,
        true,
        game.kind === 'slot' ? 'slot' : 'roulette',
        html`
        <div class="table" data-game="${game.id}"><h1>${game.name}</h1><div id="stage" class="stage"></div>
          <p id="result" class="result" role="status" aria-live="polite"></p><div id="controls" class="controls"></div></div>
        <details class="rules"><summary>Rules and returns</summary><p><strong>Return to player: ${games.showPercent(game.rtp)}</strong>, exact: ${game.rtp.d < 100_000n ? `${game.rtp.n}/${game.rtp.d}` : 'by enumeration'}</p>
          <ul>${game.rules.en.map((rule) => html`<li>${rule}</li>`)}</ul><p class="fine">Version ${game.version}</p></details>`,
      ),
    )
  })
  app.get('/register', (c) =>
    c.html(
      page(
        'Register',
        false,
        'account',
        html`
        <form class="card" data-post="/api/registrations" data-shape="registration" data-next="/confirm">
          <h1>Open an account</h1>
          ${formField('email', 'E-mail', { type: 'email', autocomplete: 'email' })}
          ${formField('password', 'Password, at least 15 characters', { type: 'password', autocomplete: 'new-password' })}
          ${formField('name', 'Full name', { autocomplete: 'name' })}
          ${formField('dateOfBirth', 'Date of birth', { type: 'date', autocomplete: 'bday' })}
          ${formField('street', 'Street and number', { autocomplete: 'street-address' })}
          <div class="pair">${formField('postalCode', 'Postal code', { autocomplete: 'postal-code' })}${formField('city', 'City', { autocomplete: 'address-level2' })}</div>
          <div class="pair"><label>Country<select name="country" required><option value="">Choose</option>${countries.map(([code, name]) => html`<option value="${code}">${name}</option>`)}</select></label>
          <label>Currency<select name="currency" required><option>EUR</option><option>GBP</option><option>SEK</option><option>USD</option></select></label></div>
          <label class="check"><input type="checkbox" name="terms" required /> I have read and accept the terms and the privacy policy.</label>
          <p class="problem" role="alert"></p><button class="primary">Register</button>
        </form>`,
      ),
    ),
  )
  app.get('/confirm', (c) =>
    c.html(
      page(
        'Confirm your e-mail',
        false,
        'account',
        html`
        <form class="card" data-post="/api/registrations/confirmation" data-next="/sign-in"><h1>Confirm your e-mail</h1>
          <p>We sent you a code of six digits. It is good for 30 minutes.</p>
          ${formField('email', 'E-mail', { type: 'email', autocomplete: 'email' })}
          ${formField('code', 'Code', { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6' })}
          <p class="problem" role="alert"></p><button class="primary">Confirm</button></form>`,
      ),
    ),
  )
  app.get('/sign-in', (c) =>
    c.html(
      page(
        'Sign in',
        false,
        'account',
        html`
        <form class="card" data-post="/api/sessions" data-next="/"><h1>Sign in</h1>
          ${formField('email', 'E-mail', { type: 'email', autocomplete: 'username' })}
          ${formField('password', 'Password', { type: 'password', autocomplete: 'current-password' })}
          <p class="problem" role="alert"></p><button class="primary">Sign in</button><p>New here? <a href="/register">Open an account</a>.</p></form>`,
      ),
    ),
  )
  app.get('/cashier', (c) =>
    c.get('session')
      ? c.html(
          page(
            'Cashier',
            true,
            'cashier',
            html`
            <h1>Cashier</h1><div class="columns">
            <form class="card" id="deposit"><h2>Deposit by card</h2>${formField('amount', 'Amount', { inputmode: 'decimal', value: '50.00' })}
              <p class="problem" role="alert"></p><button class="primary">Go to the payment page</button></form>
            <form class="card" id="withdraw"><h2>Withdraw</h2>${formField('amount', 'Amount', { inputmode: 'decimal' })}
              <label>To<select name="instrument" required></select></label>
              <p class="problem" role="alert"></p><button>Ask for a withdrawal</button><p class="fine">A member of staff looks at each withdrawal. It cannot be taken back.</p></form></div>
            <section><h2>Deposits and withdrawals</h2><div id="moves" class="list" aria-live="polite"></div></section>
            <section><h2>Statement</h2><div id="statement" class="list"></div></section>`,
          ),
        )
      : c.redirect('/sign-in'),
  )
  app.get('/history', (c) =>
    c.get('session')
      ? c.html(
          page(
            'History',
            true,
            'history',
            html`<h1>Your rounds</h1><div id="rounds" class="list"></div><button id="more">Earlier rounds</button><section id="recall" aria-live="polite"></section>`,
          ),
        )
      : c.redirect('/sign-in'),
  )
  app.get('/limits', (c) =>
    c.get('session')
      ? c.html(
          page(
            'Limits and breaks',
            true,
            'limits',
            html`
            <h1>Play within your means</h1><p>A tighter limit holds at once, a looser one after 24 hours.</p>
            <div id="limits" class="columns"></div><div class="columns">
            <form class="card" data-post="/api/breaks" data-next="/limits"><h2>Take a break</h2><label>For<select name="hours" data-number><option value="24">a day</option><option value="168">a week</option><option value="720">30 days</option></select></label>
              <p class="problem" role="alert"></p><button>Start the break now</button></form>
            <form class="card" data-post="/api/exclusions" data-next="/limits"><h2>Exclude yourself</h2><label>For<select name="months" data-number><option value="6">6 months</option><option value="12">a year</option><option value="60">5 years</option></select></label>
              <p class="fine">Nobody can lift this early. You can still withdraw your money.</p><p class="problem" role="alert"></p><button class="danger">Exclude me now</button></form></div>`,
          ),
        )
      : c.redirect('/sign-in'),
  )
  return app
}
