import { html } from 'hono/html'
import type { Rules } from '#licences'
import { page } from '../layout.ts'

export function limitsPage({ limitLoosenHours }: Rules) {
  return page(
    { title: 'Limits and breaks', signedIn: true, module: 'limits', here: '/limits' },
    html`
    <h1>Play within your means</h1><p class="lead">A tighter limit holds at once, a looser one after ${limitLoosenHours} hours.</p>
    <div id="limits" class="columns three"></div>
    <div class="columns">
      <form class="card" data-post="/api/breaks" data-next="/limits"><h2>Take a break</h2>
        <div class="field"><label for="hours">For</label><select id="hours" name="hours" data-number><option value="24">a day</option><option value="168">a week</option><option value="720">30 days</option></select><p class="field-problem" role="alert"></p></div>
        <p class="fine">You can withdraw meanwhile, but not deposit or play.</p>
        <p class="problem" role="alert"></p><button disabled>Start the break now</button></form>
      <form class="card" data-post="/api/exclusions" data-next="/limits"><h2>Exclude yourself</h2>
        <div class="field"><label for="months">For</label><select id="months" name="months" data-number><option value="6">6 months</option><option value="12">a year</option><option value="60">5 years</option></select><p class="field-problem" role="alert"></p></div>
        <label class="check"><input type="checkbox" required /> <span>I understand that nobody can lift this early. I can still withdraw my money.</span></label>
        <p class="problem" role="alert"></p><button class="danger" disabled>Exclude me now</button></form>
    </div>`,
  )
}
