import { html } from 'hono/html'
import { formField, page } from '../layout.ts'

const name = { maxlength: '60', hint: 'A name of up to 60 characters, to know it by.' }
const code = { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6', hint: 'Six digits.' }

const telephoneCard = html`<div class="card"><h2>Add a telephone</h2>
        <form id="phone" class="steps"><p class="fine">We send a code by text message. Use it where nothing else is possible: numbers can be taken over by others.</p>
          ${formField('phone', 'Number, with the country’s code', { type: 'tel', inputmode: 'tel', autocomplete: 'tel', maxlength: '40', hint: 'In international form, such as +356 2123 4567.' })}
          <p class="problem" role="alert"></p><button disabled>Send a code</button></form>
        <form id="phone-proof" class="steps" hidden>
          ${formField('code', 'Code we sent', { ...code, id: 'phone-code' })}
          ${formField('label', 'Name', { ...name, id: 'phone-label', value: 'My telephone' })}
          <p class="problem" role="alert"></p><button class="primary" disabled>Add the telephone</button></form></div>`

/** `telephones`: whether somebody takes text messages, so that one can be added. */
export function securityPage({ telephones }: { telephones: boolean }) {
  return page(
    { title: 'Security', signedIn: true, module: 'security', style: 'security', here: '/security' },
    html`
    <h1>Security</h1><p class="lead">What you sign in with. Each change asks once more who you are, and we write to you about it. <a href="/account">Password, addresses, language and your data</a> are on a page of their own.</p>
    <p id="changed" class="note good" role="status" hidden></p>
    <section class="panel"><h2>Your ways to sign in</h2><ul id="factors" class="list factors"></ul></section>
    <div class="columns${telephones ? ' three' : ''}">
      <form class="card" id="passkey"><h2>Add a passkey</h2>
        <p class="fine">Your fingerprint, face or PIN on this device, or a security key. It signs you in by itself, and no look-alike page can take it from you.</p>
        ${formField('label', 'Name', { ...name, id: 'passkey-label', value: 'This device' })}
        <p class="problem" role="alert"></p><button class="primary" disabled>Make a passkey</button></form>
      <div class="card"><h2>Add an authenticator app</h2>
        <form id="app" class="steps"><p class="fine">An app on your telephone that shows a new code of six digits every half minute.</p>
          <p class="problem" role="alert"></p><button disabled>Show the picture to scan</button></form>
        <form id="app-proof" class="steps" hidden><div id="app-seed" class="seed"></div>
          ${formField('code', 'Code the app shows', { ...code, id: 'app-code' })}
          ${formField('label', 'Name', { ...name, id: 'app-label', value: 'My app' })}
          <p class="problem" role="alert"></p><button class="primary" disabled>Add the app</button></form></div>
      ${telephones ? telephoneCard : ''}
    </div>
    <div class="columns">
      <form class="card" id="codes"><h2>Recovery codes</h2>
        <p class="fine">For the day everything else is lost. Print them, and keep them where you keep papers. Each works once.</p>
        <p id="codes-left"></p><ol id="codes-made" class="codes" hidden></ol>
        <p class="problem" role="alert"></p><div class="choice"><button disabled>Make ten new codes</button><button type="button" id="codes-copy" class="quiet" hidden>Copy them</button></div></form>
      <form class="card" id="password"><h2>Password</h2><p id="password-state" class="fine"></p>
        <p class="problem" role="alert"></p><button class="danger" disabled hidden>Do without a password</button></form>
    </div>
    <section class="panel"><h2>Devices</h2><p class="fine">The browsers this account knows. One you do not know is not yours: sign it out, and change what you sign in with.</p>
      <div id="devices"></div><button type="button" id="end-all">Sign out everywhere</button></section>`,
  )
}
