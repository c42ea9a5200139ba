// @ts-check
/**
 * People who play: each virtual user registers, confirms by the code from the inbox, signs in, deposits by card through
 * the gateway's page, then bets, looks at the balance and the history, again and again.
 *
 * With k6:      SSL_CERT_FILE=<home>/tls/ca.pem k6 run -e LOBBY=https://localhost:8443/ -e INBOX=http://127.0.0.1:8460 test/load/play.js
 * Without k6:   npm run load -- --vus 4 --duration 10s
 */
import { check, group, sleep } from 'k6'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'

const lobby = (__ENV.LOBBY || 'https://localhost:8443/').replace(/\/+$/, '')
const inbox = (__ENV.INBOX || 'http://127.0.0.1:8460').replace(/\/inbox\/?$|\/+$/, '')

const betDuration = new Trend('bet_duration', true)
const bets = new Counter('bets')

export const options = {
  noCookiesReset: true, // a virtual user keeps its session from one iteration to the next
  scenarios: {
    play: {
      executor: 'constant-vus',
      vus: Number(__ENV.VUS || 4),
      duration: __ENV.DURATION || '10s',
    },
  },
  thresholds: {
    checks: ['rate==1.0'],
    http_req_failed: ['rate<0.01'],
    bets: ['count>0'],
    bet_duration: [`p(95)<${__ENV.BET_P95_MS || 500}`],
  },
}

let arrived = false

export default function play() {
  if (!arrived) {
    arrived = group('arrival', arrive) && group('deposit', deposit)
    if (!arrived) {
      sleep(1)
      return
    }
  }
  group('play', () => {
    for (let round = 0; round < 4; round++) {
      bet('roulette-european', { bets: [{ on: round % 2 === 0 ? 'red' : 'black', amount: '0.10' }] })
      bet('midnight-orchard', { stake: '0.20' })
    }
  })
  group('look', () => {
    const me = http.get(`${lobby}/api/me`)
    check(me, {
      'balance is shown': (r) => r.status === 200 && r.body !== null && String(r.body).includes('"balance"'),
    })
    const history = http.get(`${lobby}/api/rounds`)
    check(history, { 'history is shown': (r) => r.status === 200 })
  })
  sleep(0.1)
}

function arrive() {
  const name = `${__VU}.${unique()}`
  const who = { email: `vu.${name}@example.com`, password: `correct horse ${name} battery staple` }
  const terms = /** @type {{ termsVersion: string, privacyVersion: string }} */ (
    /** @type {unknown} */ (http.get(`${lobby}/api/terms`).json())
  )
  const registered = post('/api/registrations', {
    email: who.email,
    password: who.password,
    name: 'Virtual User',
    dateOfBirth: '1985-12-10',
    address: { street: '12 St James Square', city: 'Valletta', postalCode: 'VLT 1234' },
    country: 'MT',
    currency: 'EUR',
    termsVersion: terms.termsVersion,
    privacyVersion: terms.privacyVersion,
  })
  if (!check(registered, { 'registration is taken': (r) => r.status === 202 })) return false
  const code = codeFor(who.email)
  const confirmed = post('/api/registrations/confirmation', { ...who, code })
  if (!check(confirmed, { 'the code confirms': (r) => r.status === 200 })) return false
  return check(post('/api/sessions', who), { 'signed in': (r) => r.status === 201 })
}

/** @param {string} email */
function codeFor(email) {
  for (let tries = 0; tries < 100; tries++) {
    const mails = String(http.get(`${inbox}/inbox.json?to=${encodeURIComponent(email)}`).body)
    const found = /code is (\d{6})/.exec(mails)
    if (found) return found[1]
    sleep(0.2)
  }
  return ''
}

function deposit() {
  const begun = post('/api/deposits', { amount: { amount: '500.00', currency: 'EUR' } })
  if (!check(begun, { 'deposit begins': (r) => r.status === 201 })) return false
  const { id, redirectUrl } = /** @type {{ id: string, redirectUrl: string }} */ (/** @type {unknown} */ (begun.json()))
  const sent = http.get(redirectUrl.startsWith('http') ? redirectUrl : `${lobby}${redirectUrl}`, { redirects: 0 })
  const page = sent.headers.Location ?? ''
  http.post(page, { number: '4242424242424242', expiry: '12/29', cvc: '123', holder: 'Virtual User' }, { redirects: 0 })
  for (let tries = 0; tries < 100; tries++) {
    const { state } = /** @type {{ state: string }} */ (
      /** @type {unknown} */ (http.get(`${lobby}/api/deposits/${id}`).json())
    )
    if (state !== 'pending') return check(state, { 'deposit is credited': (s) => s !== 'failed' })
    sleep(0.2)
  }
  return check('pending', { 'deposit is credited': (s) => s !== 'pending' })
}

/**
 * @param {string} game
 * @param {object} choice
 */
function bet(game, choice) {
  const answer = post(`/api/games/${game}/rounds`, choice)
  betDuration.add(answer.timings.duration)
  if (check(answer, { 'bet is settled': (r) => r.status === 200 })) bets.add(1)
}

/**
 * @param {string} path
 * @param {object} body
 */
function post(path, body) {
  return http.post(`${lobby}${path}`, JSON.stringify(body), {
    headers: { 'content-type': 'application/json', origin: lobby, 'idempotency-key': `load-${__VU}-${unique()}` },
  })
}

/** A word that no other virtual user and no other run has. */
function unique() {
  return `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`
}
