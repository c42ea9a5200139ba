import { html } from 'hono/html'
import type { Rules } from '#licences'
import { page } from '../layout.ts'

/** Plain words for what the rules of the licence in force say; the operator's counsel replaces them with their own. */
export function termsPage(rules: Rules, signedIn: boolean) {
  const { ageMin, currencies, countriesBlocked, deposit, withdrawalMin, passwordLengthMin } = rules
  const older = Object.entries(rules.ageMinByCountry).map(([country, age]) => `${nameOf(country)} ${age}`)
  return page(
    { title: 'Terms', signedIn, module: 'shell', style: 'document' },
    html`
    <article><h1>Terms</h1><p class="fine">Version ${rules.termsVersion}, licence “${rules.licence}”</p>
      <h2>Who may play</h2><p>You may open an account if you are at least ${ageMin} years old${older.length > 0 ? `, or older where your country asks for it (${older.join(', ')})` : ''}. One account per person, in your own name, for yourself. We may not offer play in these countries: ${countriesBlocked.map(nameOf).join(', ')}.</p>
      <h2>Your account</h2><p>An account is kept in one currency: ${currencies.join(', ')}. Keep your password to yourself; it has at least ${passwordLengthMin} characters. A session ends after ${minutes(rules.sessionIdleSecondsMax)} without use, and after ${hours(rules.sessionSecondsMax)} in any case.</p>
      <h2>Money in and out</h2><p>You deposit by card through a payment gateway, between ${currencies.map((code) => `${deposit[code]?.min} and ${deposit[code]?.max} ${code}`).join('; ')}. You withdraw to a card you have paid with, at least ${currencies.map((code) => `${withdrawalMin[code]} ${code}`).join(', ')}. A withdrawal is set aside at once, looked at by a member of staff, and cannot be taken back.</p>
      <h2>Games</h2><p>The outcome of a round is drawn and settled by us before your screen shows it. If your connection breaks, the round counts all the same and stands in your history. What a screen shows never overrides what was settled. The return to player of each game is on its page.</p>
      <h2>Limits, breaks, exclusion</h2><p>You can set a deposit limit per day, week and month. A tighter limit holds at once, a looser one after ${rules.limitLoosenHours} hours. A break lasts between ${rules.coolOffHoursMin} and ${rules.coolOffHoursMax} hours. A self-exclusion lasts at least ${rules.exclusionMonthsMin} months, and nobody can lift it early. Your money stays yours, and you can withdraw it throughout.</p>
      <h2>When we may act</h2><p>We may suspend an account when the law or the licence obliges us to, or when somebody else seems to be using it. Every such act is written down with its reason.</p>
      <p><a href="/privacy">Privacy policy</a></p></article>`,
  )
}

export function privacyPage(rules: Rules, signedIn: boolean) {
  return page(
    { title: 'Privacy', signedIn, module: 'shell', style: 'document' },
    html`
    <article><h1>Privacy policy</h1><p class="fine">Version ${rules.privacyVersion}, licence “${rules.licence}”</p>
      <h2>What we keep</h2><p>What you give us when you register: e-mail, name, date of birth, address, country. What you do here: deposits, withdrawals, rounds with their draws, limits, sign-ins and the network address they came from. Of a card we keep a token of the gateway, its brand, last four digits and expiry; never its number.</p>
      <h2>Why</h2><p>To run your account, to pay you, to keep your limits, and because the licence and the law against money laundering oblige us to.</p>
      <h2>How</h2><p>Your personal data is encrypted under a key of your own. Staff see it masked; who looks at more must give a reason, and every look is written down in a log that cannot be rewritten.</p>
      <h2>With whom</h2><p>With the payment gateway, what it needs to take and make payments. With authorities, what they may demand. With nobody for advertising. These pages load nothing from elsewhere and set one cookie: the one that keeps you signed in.</p>
      <h2>How long</h2><p>As long as you have an account, and after that as long as the licence obliges us to keep the books.</p>
      <h2>Your rights</h2><p>You may ask what we hold about you, have it corrected, take it with you, and have it erased once no law obliges us to keep it. You may complain to your data protection authority.</p>
      <p><a href="/terms">Terms</a></p></article>`,
  )
}

function nameOf(country: string): string {
  return new Intl.DisplayNames('en', { type: 'region' }).of(country) ?? country
}

function minutes(seconds: number): string {
  return `${Math.round(seconds / 60)} minutes`
}

function hours(seconds: number): string {
  return `${Math.round(seconds / 3600)} hours`
}
