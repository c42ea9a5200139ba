import { html } from 'hono/html'
import type { Payment } from './gateway.ts'
import type { Mail } from './mail.ts'
import type { Text } from './telephone.ts'

const style = `body{font:16px/1.5 system-ui,"DejaVu Sans",sans-serif;margin:0;background:#eef1f6;color:#1c2430}main{max-width:27rem;margin:6vh auto;background:#fff;border-radius:1rem;padding:2rem;box-shadow:0 20px 50px #1c243022}main.wide{max-width:48rem}h1{font-size:1.2rem;margin:0 0 .3rem}label{display:block;margin:1rem 0 .2rem;color:#556}input{font:inherit;width:100%;box-sizing:border-box;padding:.7rem;border:1px solid #c3ccd9;border-radius:.5rem}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}button{font:inherit;font-weight:600;margin-top:1.5rem;width:100%;padding:.9rem;border:0;border-radius:.5rem;background:#2447b8;color:#fff;cursor:pointer}.amount{font-size:2rem;font-weight:700;margin:.2rem 0 0}.fine{color:#667;font-size:.85rem}article{border-top:1px solid #e3e8ef;padding:1rem 0}pre{white-space:pre-wrap;font:inherit}:focus-visible{outline:3px solid #2447b8}`

function frame(title: string, content: ReturnType<typeof html>, wide = false) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title><link rel="icon" href="data:," /><style>${style}</style></head><body><main class="${wide ? 'wide' : ''}">${content}</main></body></html>`
}

export function paymentPage(payment: Payment, fault = '') {
  return frame(
    'Pay by card',
    html`<p class="fine">Sandbox Pay · no real money</p><h1>Pay by card</h1><p class="amount">${payment.amount.value} ${payment.amount.currency}</p>
    <form method="post"><label for="number">Card number</label><input id="number" name="number" inputmode="numeric" autocomplete="cc-number" value="4242 4242 4242 4242" required />
    <div class="pair"><div><label for="expiry">Expiry</label><input id="expiry" name="expiry" value="12/29" pattern="\\d\\d/\\d\\d" required /></div><div><label for="cvc">CVC</label><input id="cvc" name="cvc" inputmode="numeric" value="123" pattern="\\d{3}" required /></div></div>
    <label for="holder">Name on the card</label><input id="holder" name="holder" value="A Player" required />
    <p role="alert" class="fine">${fault}</p><button>Pay</button></form>
    <p class="fine">4242 … pays, 4000 0000 0000 0002 is declined, 4000 0000 0000 3220 asks your bank first.</p>`,
  )
}

export function challengePage(fields: Record<string, string>) {
  return frame(
    'Your bank',
    html`<h1>Your bank asks: is this you?</h1><form method="post">${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <input type="hidden" name="challenge" value="passed" /><button>Yes, confirm the payment</button></form>`,
  )
}

export function inboxPage(mails: readonly Mail[], texts: readonly Text[]) {
  return frame(
    'Inbox',
    html`<h1>Inbox of the sandbox</h1><p class="fine">Every mail the casino sends ends here. Newest first.</p>
    ${mails.length === 0 ? html`<p>No mail yet.</p>` : mails.map((mail) => html`<article><p class="fine">${mail.at} · to ${mail.to}</p><strong>${mail.subject}</strong><pre>${mail.text}</pre></article>`)}
    <h1>Telephones</h1><p class="fine">Every text message the casino sends. Numbers that end in 0001 do not get it, 0002 are refused, 0003 are put off.</p>
    ${texts.length === 0 ? html`<p>No text message yet.</p>` : texts.map(({ at, to, from, text, receipt }) => html`<article><p class="fine">${at} · to ${to} · from ${from}${receipt ? ' · receipt taken' : ''}</p><pre>${text}</pre></article>`)}`,
    true,
  )
}
