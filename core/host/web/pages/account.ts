import { html } from 'hono/html'
import type { Rules } from '#licences'
import { formChoice, formField, page } from '../layout.ts'

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

/** What is accepted is what this page showed: the versions of its links travel with the form. */
export function registerPage({ ageMin, currencies, passwordLengthMin, termsVersion, privacyVersion }: Rules) {
  return page(
    { title: 'Open an account', signedIn: false, module: 'account' },
    html`
    <form class="card wide" data-post="/api/registrations" data-shape="registration" data-next="/confirm" data-then="confirm">
      <h1>Open an account</h1><p class="lead">It takes a minute. You must be at least ${ageMin}, in some countries older.</p>
      <fieldset><legend>To sign in</legend><div class="pair">
        ${formField('email', 'E-mail', { type: 'email', autocomplete: 'email', maxlength: '254', hint: 'An e-mail address, such as ada@example.com.' })}
        ${formField('password', `Password, at least ${passwordLengthMin} characters`, { type: 'password', autocomplete: 'new-password' })}</div></fieldset>
      <fieldset><legend>About you</legend><div class="pair">
        ${formField('name', 'Full name', { autocomplete: 'name', maxlength: '120', hint: 'Your full name, as in your passport.' })}
        ${formField('dateOfBirth', 'Date of birth', { type: 'date', autocomplete: 'bday', hint: 'A date, such as 15/06/1985.' })}</div>
        ${formField('street', 'Street and number', { autocomplete: 'street-address', maxlength: '120', hint: 'The street you live in, with its number.' })}
        <div class="pair">${formField('postalCode', 'Postal code', { autocomplete: 'postal-code', maxlength: '20', hint: 'Your postal code, up to 20 characters.' })}
        ${formField('city', 'City', { autocomplete: 'address-level2', maxlength: '80', hint: 'The city you live in.' })}</div>
        <div class="pair">${formChoice('country', 'Country', countries, 'Choose')}
        ${formChoice(
          'currency',
          'Currency of the account',
          currencies.map((code) => [code, code] as const),
        )}</div></fieldset>
      <input type="hidden" name="termsVersion" value="${termsVersion}" /><input type="hidden" name="privacyVersion" value="${privacyVersion}" />
      <div class="field"><label class="check"><input type="checkbox" name="terms" required /> <span>I have read and accept the <a href="/terms" target="_blank">terms</a> (version ${termsVersion}) and the <a href="/privacy" target="_blank">privacy policy</a> (version ${privacyVersion}).</span></label>
        <p class="field-problem" role="alert"></p></div>
      <p class="problem" role="alert"></p><button class="primary" disabled>Register</button>
      <p class="fine">You have an account? <a href="/sign-in">Sign in</a>.</p>
    </form>
    <template id="confirm">${confirmForm()}</template>`,
  )
}

export function confirmPage() {
  return page({ title: 'Confirm your e-mail', signedIn: false, module: 'account' }, confirmForm())
}

/** Takes the place of the registration on its page, with what was typed there; on a page of its own the password is asked for. */
function confirmForm() {
  return html`
    <form class="card" data-post="/api/registrations/confirmation" data-next="/sign-in"><h1>Confirm your e-mail</h1>
      <p class="lead">We sent you a code of six digits. It is good for 30 minutes.</p>
      ${formField('email', 'E-mail', { type: 'email', autocomplete: 'email', maxlength: '254', hint: 'The address you registered with.' })}
      ${formField('code', 'Code', { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6', hint: 'Six digits, as in the mail.' })}
      ${formField('password', 'Password you registered with', { type: 'password', autocomplete: 'current-password' })}
      <p class="problem" role="alert"></p><button class="primary" disabled>Confirm</button>
      <button type="button" id="another-code" class="quiet">Send another code</button></form>`
}

export function signInPage(ended: boolean) {
  return page(
    { title: 'Sign in', signedIn: false, module: 'sign-in' },
    html`
    <form class="card" id="sign-in"><h1>Sign in</h1>
      ${ended ? html`<p class="note">Your session has ended. Sign in again to go on where you were.</p>` : ''}
      ${formField('email', 'E-mail', { type: 'email', autocomplete: 'username', maxlength: '254', hint: 'The address you registered with.' })}
      ${formField('password', 'Password', { type: 'password', autocomplete: 'current-password' })}
      <div id="more" class="steps" hidden>
        <p class="note" id="more-words" role="status"></p>
        <div class="field"><label for="factor">What you use</label><select id="factor" name="factor">
          <option value="email">A code sent to your e-mail address</option><option value="totp">The code of your authenticator app</option>
          <option value="sms">A code sent to your telephone</option><option value="recovery">A recovery code</option></select><p class="field-problem" role="alert"></p></div>
        ${formField('code', 'Code', { autocomplete: 'one-time-code', maxlength: '64', hint: 'Six digits, or a recovery code as you have it on paper.' })}
        <button type="button" id="send-code" class="quiet">Send another code</button></div>
      <p class="problem" role="alert"></p><button class="primary" disabled>Sign in</button>
      <button type="button" id="with-passkey" hidden>Use a passkey instead</button>
      <p class="fine"><a href="/forgotten">Forgotten your password?</a> · New here? <a href="/register">Open an account</a>.</p></form>`,
  )
}
