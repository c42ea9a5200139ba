import { html } from 'hono/html'
import { type Currency, money, showMoney } from '#base'
import * as games from '#games'
import * as messages from '#messages'
import { page } from '../layout.ts'

const { languages } = messages

/** The longest exact fraction that is worth reading. */
const denominatorMax = 100_000n

/** Whether the page plays without money, or may lead there. */
export type Without = 'here' | 'offered' | 'refused'

/**
 * `again`: a round that was played, to be shown once more; `hurry`: whether the licence lets a player cut the showing of a round short; `reads`: the language the player
 * reads best; `stakeMax`: the most they may stake in a round, in minor units.
 */
export function gamePage(
  game: games.Game,
  currency: string,
  asked: {
    again?: string
    hurry: boolean
    reads: messages.Language
    signedIn: boolean
    stakeMax: bigint
    without: Without
  },
) {
  const { again, hurry, reads, signedIn, stakeMax, without } = asked
  const show = (amount: bigint) => showMoney(money(amount, currency as Currency)).amount
  const isOffered = stakeMax >= game.stakeMin
  const stakes = isOffered
    ? `${show(game.stakeMin)} – ${show(stakeMax)} ${currency} per round`
    : `not offered in ${currency} to you by the licence`
  const name = games.pageOf(game)
  const exact = game.rtp.d < denominatorMax ? `, exactly ${game.rtp.n}/${game.rtp.d}` : ', by enumerating every outcome'
  return page(
    {
      title: game.name,
      signedIn,
      module: 'table',
      style: 'table',
      styles: [`games/${name}/page`],
      look: `table-page ${name}`,
    },
    html`
    <div class="table" data-game="${game.id}" data-page="${name}" data-hurry="${hurry ? 'yes' : 'no'}" data-again="${again ?? ''}" data-currency="${currency}" data-money="${without === 'here' ? 'none' : 'yes'}">
      <div class="title"><h1>${game.name}</h1><div class="title-tools" id="title-tools"><p class="fine">${stakes} · returns ${games.showPercent(game.rtp, 2)} · <a href="#rules">Rules</a>${otherWay(game, asked)}</p></div></div>
      <div id="stage" class="stage"></div>
      <div id="controls" class="controls"></div>
    </div>
    <section class="rules" id="rules"><h2>Rules and returns</h2>
      <p><strong>Return to player: ${games.showPercent(game.rtp)}</strong>${exact}.</p>
      ${languages.map((language) => rulesIn(game, language, language === reads))}<p class="fine">Version ${game.version}</p></section>`,
  )
}

/** From play for money to play without, and back. */
function otherWay({ id }: games.Game, { signedIn, without }: { signedIn: boolean; without: Without }) {
  if (without === 'refused') return ''
  if (without === 'offered') return html` · <a href="/games/${id}?money=none">Without money</a>`
  return html` · <a href="${signedIn ? `/games/${id}` : '/sign-in'}">For money</a>`
}

/** The rules in every language they are written in, those the player reads open. */
function rulesIn(game: games.Game, language: messages.Language, open: boolean) {
  const name = new Intl.DisplayNames(language, { type: 'language' }).of(language)
  return html`<details lang="${language}" ${open ? html`open` : ''}><summary>${name}</summary>
    <ul>${game.rules[language]?.map((rule) => html`<li>${rule}</li>`)}</ul></details>`
}
