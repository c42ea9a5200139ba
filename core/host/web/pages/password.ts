import { html } from 'hono/html'
import type { Rules } from '#licences'
import { formChoice, formField, page } from '../layout.ts'

/** For who has forgotten their password: where the code shall go. */
export function forgottenPage() {
  return page(
    { title: 'Forgotten password', signedIn: false, module: 'account' },
    html`
    <form class="card" data-post="/api/password-resets" data-next="/new-password"><h1>Forgotten your password?</h1>
      <p class="lead">We send a code to your address. With it you choose a new password.</p>
      ${formField('email', 'E-mail', { type: 'email', autocomplete: 'username', maxlength: '254', hint: 'The address you registered with.' })}
      <p class="problem" role="alert"></p><button class="primary" disabled>Send me a code</button>
      <p class="fine">You remember it? <a href="/sign-in">Sign in</a>.</p></form>`,
  )
}

/** The code of the mail first, then the new password, with a second factor where there is one. */
export function newPasswordPage({ passwordLengthMin }: Rules) {
  return page(
    { title: 'New password', signedIn: false, module: 'new-password' },
    html`
    <form class="card" id="code-form"><h1>Choose a new password</h1>
      <p class="lead">If the address is a player’s, a code of eight letters and digits is on its way to it. It is good for 30 minutes.</p>
      ${formField('email', 'E-mail', { type: 'email', autocomplete: 'username', maxlength: '254', hint: 'The address you registered with.' })}
      ${formField('code', 'Code', { autocomplete: 'one-time-code', maxlength: '12', hint: 'Eight letters and digits, as in the mail.' })}
      <p class="problem" role="alert"></p><button class="primary" disabled>Go on</button>
      <p class="fine">No mail? Look among the unwanted ones, or <a href="/forgotten">ask again</a>.</p></form>
    <form class="card" id="password-form" hidden><h1>Choose a new password</h1>
      <div class="field" id="factor-field" hidden><label for="factor">Show that it is you by</label><select id="factor" name="factor"></select>
        <p class="field-problem" role="alert"></p></div>
      <div id="proof-field" hidden>${formField('code', 'Code', { autocomplete: 'one-time-code', maxlength: '40', id: 'field-proof' })}
        <button type="button" id="send-sms" class="quiet" hidden>Send the code to my telephone</button></div>
      <div id="evidence" class="steps" hidden><p class="fine">So that nobody who reads your mail sets your password, please say who you are, as you told us.</p>
        ${formField('dateOfBirth', 'Date of birth', { type: 'date', autocomplete: 'bday', hint: 'A date, such as 15/06/1985.' })}
        ${formField('postalCode', 'Postal code', { autocomplete: 'postal-code', maxlength: '20', hint: 'Of where you live, as we have it.' })}</div>
      ${formField('password', 'New password', { type: 'password', autocomplete: 'new-password' })}
      <p class="fine">At least ${passwordLengthMin} characters, fewer beside a second factor. A few words that have nothing to do with each other do well.</p>
      <p class="problem" role="alert"></p><button class="primary" disabled>Set the password</button></form>`,
  )
}

const languageNames = [
  ['en', 'English'],
  ['de', 'Deutsch'],
  ['es', 'Español'],
  ['fr', 'Français'],
] as const

/** What a player signs in with and how they are written to. */
export function accountPage() {
  return page(
    { title: 'Account', signedIn: true, module: 'my-account', here: '/security' },
    html`
    <h1>Your account</h1><p class="lead">Signed in as <strong id="address">…</strong></p>
    <div class="columns three">
      <form class="card" id="password-change"><h2>Change the password</h2>
        ${formField('present', 'Present password', { type: 'password', autocomplete: 'current-password' })}
        ${formField('password', 'New password', { type: 'password', autocomplete: 'new-password' })}
        <p class="fine">Every other device is signed out.</p>
        <p class="problem" role="alert"></p><p class="note good" role="status" hidden></p><button disabled>Change the password</button></form>
        <form class="card" id="email-change"><h2>Change the e-mail address</h2>
          ${formField('email', 'New e-mail address', { type: 'email', autocomplete: 'email', maxlength: '254', hint: 'An e-mail address, such as ada@example.com.' })}
          <p class="fine">We send a code to the new address, and word to the present one.</p>
          <p class="problem" role="alert"></p><button disabled>Send me a code</button></form>
        <form class="card" id="email-confirmation" hidden><h2>Confirm the new address</h2>
          ${formField('code', 'Code', { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6', hint: 'Six digits, as in the mail.' })}
          <p class="problem" role="alert"></p><button disabled>Confirm</button></form>
        <form class="card" id="language-choice"><h2>Language of our messages</h2>
          ${formChoice('language', 'Language', languageNames)}
          <p class="problem" role="alert"></p><p class="note good" role="status" hidden></p><button disabled>Keep</button></form>
        <form class="card" id="residence-change"><h2>Where you live</h2>
          ${formField('street', 'Street and number', { autocomplete: 'street-address', maxlength: '120', hint: 'The street you live in, with its number.' })}
          ${formField('postalCode', 'Postal code', { autocomplete: 'postal-code', maxlength: '20', hint: 'Your postal code, up to 20 characters.' })}
          ${formField('city', 'City', { autocomplete: 'address-level2', maxlength: '80', hint: 'The city you live in.' })}
          <p class="fine">Name, date of birth and country are changed by our support, with a proof.</p>
          <p class="problem" role="alert"></p><p class="note good" role="status" hidden></p><button disabled>I live here now</button></form>
        <section class="card" id="own-data"><h2>Your data</h2>
          <p class="fine">Everything we keep of you, in one file. Or ask us to erase it: we answer within a month, and keep what the law has us keep.</p>
          <p class="problem" role="alert"></p><p class="note good" role="status" hidden></p>
          <button type="button" id="data-export">Take it along</button> <button type="button" class="quiet" id="erasure-request">Ask for erasure</button></section>
    </div>`,
  )
}
