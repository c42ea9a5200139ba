import { html } from 'hono/html'
import type * as staff from '#staff'
import type { FaceStaff } from '../face.ts'
import { type Content, deskFrame } from './desk-frame.ts'

type Part = {
  id: string
  /** In the navigation, and over the part. */
  title: string
  heading?: string
  /** Who sees it; everybody who works here where none is named. */
  permission?: staff.Permission
  /** Beside the heading: buttons, a form. */
  bar?: (may: (permission: staff.Permission) => boolean) => Content
  live?: boolean
}

/** The parts of the desk, in order. Who may not open one is not shown it, nor the way to it. */
const parts: readonly Part[] = [
  { id: 'queue', title: 'Decisions', heading: 'Waiting for a decision', permission: 'payments.view', live: true },
  {
    id: 'proposals',
    title: 'Approvals',
    live: true,
    bar: () => html`<button type="button" id="ask" disabled>Ask for something</button>`,
  },
  { id: 'players', title: 'Players', permission: 'players.view', bar: playerSearch },
  { id: 'payments', title: 'Payments', heading: 'Deposits and withdrawals', permission: 'payments.view' },
  {
    id: 'erasures',
    title: 'Erasure',
    heading: 'Who asked to be erased',
    permission: 'players.view',
  },
  {
    id: 'books',
    title: 'Books',
    permission: 'books.view',
    bar: () => html`<a class="button" href="/api/house/entries.csv" download>Entries of the house (CSV)</a>`,
  },
  { id: 'games', title: 'Games', bar: gameFiles },
  {
    id: 'clients',
    title: 'Machines',
    heading: 'Machines and apps',
    permission: 'clients.approve',
    bar: (may) =>
      may('clients.manage') ? html`<button type="button" id="add-client" disabled>Let one in</button>` : '',
  },
  {
    id: 'staff',
    title: 'Staff',
    permission: 'staff.view',
    bar: (may) =>
      may('staff.enrol') ? html`<button type="button" id="enrol-member" disabled>Enrol somebody</button>` : '',
  },
  { id: 'audit', title: 'Audit log', permission: 'audit.view', live: true, bar: auditFilter },
  {
    id: 'passkeys',
    title: 'Passkeys',
    heading: 'Your passkeys',
    bar: () => html`<button type="button" id="add-passkey" disabled>Add a passkey</button>`,
  },
]

/** The desk of whoever is signed in. */
export function deskPage({ name, roles, permissions }: FaceStaff) {
  const may = (permission: staff.Permission) => permissions.includes(permission)
  const shown = parts.filter(({ permission }) => permission === undefined || may(permission))
  return deskFrame(
    'Desk',
    'desk',
    html`<header><strong class="brand">Countroom <span>back office</span></strong>
      <nav aria-label="Parts of the desk">${shown.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}${may('program.view') ? html`<a href="/service">Service</a>` : ''}<a href="/openapi">API</a></nav>
      <span class="who">${name} · ${roles.join(', ')} <button type="button" id="sign-out">Sign out</button></span></header>
    <p id="proof" class="alarm" role="alert" hidden></p><p id="emergency" class="alarm" role="alert" hidden></p>
    <main><p id="told" class="note good" role="status" hidden></p>${shown.map((part) => section(part, may))}</main>`,
  )
}

function section({ id, title, heading = title, bar, live }: Part, may: (permission: staff.Permission) => boolean) {
  const head = html`<h2>${heading}</h2>`
  return html`<section>${bar ? html`<div class="bar">${head}${bar(may)}</div>` : head}
    <div id="${id}" ${live ? html`aria-live="polite"` : ''}></div></section>`
}

function playerSearch() {
  return html`<form id="find"><label for="find-email">E-mail, in full</label>
    <input id="find-email" name="email" type="email" maxlength="254" placeholder="ada@example.com" /><button disabled>Find</button></form>`
}

function gameFiles(may: (permission: staff.Permission) => boolean) {
  if (!may('books.view')) return ''
  return html`<a class="button" href="/api/games/performance.csv" download>Figures of games (CSV)</a>
    ${may('players.view') ? html`<button type="button" id="rounds-of-all" disabled>Rounds (CSV)</button>` : ''}`
}

function auditFilter() {
  const field = (name: string, label: string, input: Content) =>
    html`<div><label for="audit-${name}">${label}</label>${input}</div>`
  const text = (name: string, placeholder: string) =>
    html`<input id="audit-${name}" name="${name}" maxlength="200" placeholder="${placeholder}" />`
  const time = (name: string) => html`<input id="audit-${name}" name="${name}" type="datetime-local" />`
  return html`<form id="audit-find" class="filter">
    ${field('code', 'What', html`<select id="audit-code" name="code"><option value="">everything</option></select>`)}
    ${field('actor', 'Who', text('actor', 'stf_… or a process'))}
    ${field('player', 'Player', text('player', 'plr_…'))}
    ${field('outcome', 'Outcome', html`<select id="audit-outcome" name="outcome"><option value="">any</option><option value="success">done</option><option value="failure">failed</option><option value="denied">denied</option></select>`)}
    ${field('from', 'From (UTC)', time('from'))} ${field('to', 'To (UTC)', time('to'))}
    <label class="check"><input name="significant" type="checkbox" value="true" /> significant only</label>
    <button class="primary" disabled>Search</button><button type="reset">Clear</button>
    <button type="button" id="audit-jsonl">JSON lines</button><button type="button" id="audit-csv">CSV</button></form>`
}
