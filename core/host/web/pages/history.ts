import { html } from 'hono/html'
import { page } from '../layout.ts'

export function historyPage() {
  return page(
    { title: 'History', signedIn: true, module: 'history', here: '/history' },
    html`
    <h1>Your rounds</h1><p class="lead">Every round you played, newest first. Look again at any of them: it is played once more from the draws that were recorded.</p>
    <div class="rounds"><div><ol id="rounds" class="list"></ol><button type="button" id="more" hidden>Earlier rounds</button></div>
      <section id="recall" aria-live="polite" aria-label="The round you look at"></section></div>`,
  )
}
