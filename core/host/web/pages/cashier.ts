import { html } from 'hono/html'
import { formField, page } from '../layout.ts'

/** What the cashier books; what is not among it is play, bonus or a correction. */
const payments =
  'deposit,deposit.held,deposit.released,withdrawal.held,withdrawal.paid,withdrawal.rejected,withdrawal.failed'

export function cashierPage() {
  return page(
    { title: 'Cashier', signedIn: true, module: 'cashier', here: '/cashier' },
    html`
    <h1>Cashier</h1><p id="returned" class="note" role="status" hidden></p>
    <div class="columns">
      <form class="card" id="deposit"><h2>Deposit by card</h2>
        ${formField('amount', 'Amount', { id: 'deposit-amount', inputmode: 'decimal', value: '50.00', maxlength: '40' })}
        <div class="presets" role="group" aria-label="Often chosen">${['20.00', '50.00', '100.00', '200.00'].map((amount) => html`<button type="button" data-amount="${amount}">${amount.replace('.00', '')}</button>`)}</div>
        <p class="problem" role="alert"></p><button class="primary" disabled>Go to the payment page</button>
        <p class="fine">You pay on the page of the payment gateway; your card’s number never comes here. Your <a href="/limits">deposit limits</a> hold.</p></form>
      <form class="card" id="withdraw"><h2>Withdraw</h2>
        ${formField('amount', 'Amount', { id: 'withdraw-amount', inputmode: 'decimal', maxlength: '40' })}
        <div class="field"><label for="instrument">To</label><select id="instrument" name="instrument" required></select><p class="field-problem" role="alert"></p></div>
        <p class="problem" role="alert"></p><button disabled>Ask for a withdrawal</button>
        <p class="fine">The amount is set aside at once, and a member of staff looks at each withdrawal. It cannot be taken back.</p></form>
    </div>
    <section class="panel"><h2>Deposits and withdrawals</h2><div id="moves" aria-live="polite"></div></section>
    <section class="panel"><h2>Statement</h2>
      <form id="filter" class="filter">
        <div class="field"><label for="filter-kinds">What</label><select id="filter-kinds" name="kinds"><option value="">Everything</option><option value="${payments}">Deposits and withdrawals</option><option value="round">Play</option></select></div>
        <div class="field"><label for="filter-from">From</label><input id="filter-from" name="from" type="date" min="1970-01-01" max="2999-12-31" /></div>
        <div class="field"><label for="filter-to">To</label><input id="filter-to" name="to" type="date" min="1970-01-01" max="2999-12-31" /></div>
        <a class="button" id="download" href="/api/statement.csv" download>Download (CSV)</a>
      </form>
      <h3>By game</h3><div id="by-game" aria-live="polite"></div>
      <h3>Movements</h3><div id="statement"></div><button type="button" id="earlier" hidden>Earlier movements</button></section>`,
  )
}
