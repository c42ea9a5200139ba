import { html } from 'hono/html'
import { formField, page } from '../layout.ts'

/** Checks a provably fair round in the player's own browser; anybody may, with the seeds in hand. */
export function fairnessPage(signedIn: boolean) {
  return page(
    { title: 'Check a round', signedIn, module: 'fairness', style: 'document' },
    html`
    <article><h1>Check a round yourself</h1>
      <p class="lead">Where you chose provably fair rounds, every number of a round follows from the house’s seed, your words and the number of the round. The house showed the SHA-256 of its seed before you played, so it could not choose another afterwards. This page computes the numbers in your browser, and of a round of yours what they come to; it sends nothing.</p>
      <form id="fair">${formField('serverSeed', 'The house’s seed, once it was shown (64 hexadecimal digits)')}
        ${formField('clientSeed', 'Your words')}${formField('nonce', 'Number of the round, from 0', { inputmode: 'numeric', value: '0' })}
        ${formField('commitment', 'What the house showed before (SHA-256 of its seed)')}
        ${formField('ranges', 'Out of how many each number was drawn, in order', { hint: 'Numbers with spaces between them, 37 or 52 51 50.' })}
        <p class="problem" role="alert"></p><button disabled>Compute the numbers</button></form>
      <section id="verdict" aria-live="polite"></section>
      <h2>How the numbers are made</h2>
      <ol><li>Block i, from 0, is HMAC-SHA-256 under the house’s seed (its 32 bytes) over the text <code>words:round:i</code>.</li>
        <li>The bytes of the blocks are read four at a time as one number w, the most significant byte first.</li>
        <li>For a number out of n, a w that is not below the largest multiple of n up to 2³² is passed over; else the number is w modulo n. So each is equally likely.</li>
        <li>What a game makes of its numbers, cards, places and stops, is told <a href="/assets/fairness/outcomes.md">for each game with an example</a>; opened from your history, a round is made again here by those rules alone.</li></ol>
      <p>For a verifier of your own: <a href="/assets/fairness/algorithm.md">all of it in a document</a>, with numbers to check it against.</p>
    </article>`,
  )
}
