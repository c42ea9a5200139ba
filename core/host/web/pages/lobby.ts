import { html } from 'hono/html'
import { type Currency, money, showMoney } from '#base'
import * as games from '#games'
import { page } from '../layout.ts'

/** What each game is like, in one line; the mathematics is told by the game itself. */
const blurbs: Record<string, string> = {
  'roulette-european': 'One zero, every bet of the table from a single number to red or black.',
  'roulette-american': 'Two zeros on the wheel, and the basket beside them.',
  'roulette-french': 'One zero, and half of an even chance comes back when it falls: la partage.',
  baccarat: 'Two hands from eight decks; stake on the player, the banker or a tie.',
  blackjack: 'Six packs shuffled for every hand; the dealer stands on all seventeens.',
  'jacks-or-better': 'Five cards, hold what you like, draw the rest once: the full nine-six table.',
  dice: 'Four dice make one number of ten thousand; you choose how many of them win, and on which side.',
  limbo: 'A lantern rises over the hills. Name the height it has to reach.',
  plinko: 'A ball falls over pegs, left or right at each, into a bucket that says what it pays.',
  mines: 'Shells on the sea floor hold pearls or mines; stop after any pearl, or open one more.',
  'midnight-orchard': 'Owls, foxes and lanterns under the moon; three moons bring ten free spins at twice the pay.',
  'basalt-falls': 'Rock that wins sinks and the rest falls after it; craters bring free spins at three times the pay.',
  tidewrack: 'Pearls that stay, boxes to open, and a fair gamble for who wants one.',
}

const kinds: Record<games.Game['kind'], string> = {
  table: 'Table game',
  slot: 'Video slot',
  instant: 'Instant game',
}

type Visitor = { currency: string; signedIn: boolean /** The licence lets them play without money. */; free: boolean }

export function lobbyPage(standings: readonly games.Standing[], visitor: Visitor) {
  const { signedIn } = visitor
  return page(
    { title: 'Lobby', signedIn, module: 'lobby', style: 'lobby', styles: ['cards'], here: '/' },
    html`
    <section class="hero">
      <div><h1>Quiet rooms, fair games, and your limits kept.</h1>
        <p>The exact return of every game is on its door. Every round can be looked at again, draw by draw.</p>
        <p class="calls">${
          signedIn
            ? html`<a class="button primary" href="/cashier">Deposit</a><a class="button" href="/limits">Your limits</a>`
            : html`<a class="button primary" href="/register">Open an account</a><a class="button" href="/sign-in">Sign in</a>`
        }</p></div>
      <div class="hero-art" data-art="midnight-orchard" aria-hidden="true"></div>
    </section>
    <section aria-label="Games"><h2>Games</h2><div class="games">
      ${standings.map((standing) => card(standing, visitor))}</div></section>
    <section class="promises" aria-label="What we keep to">
      <div><h2>Returns you can check</h2><p>The return to player is computed exactly, not estimated, and no stake or choice of yours changes it.</p></div>
      <div><h2>Rounds that stay</h2><p>If your connection breaks, the round is settled all the same. You find it in your <a href="/history">history</a>.</p></div>
      <div><h2>Limits that hold</h2><p><a href="/limits">Deposit limits</a> are judged at the moment money moves, on every device you use.</p></div>
    </section>`,
  )
}

function card({ game, state }: games.Standing, { currency, signedIn, free }: Visitor) {
  const without = !signedIn && free
  const show = (amount: bigint) => showMoney(money(amount, currency as Currency)).amount
  return html`<a class="game-card ${game.kind}" href="/games/${game.id}${without ? '?money=none' : ''}">
    <span class="game-art" data-art="${games.pageOf(game)}" data-game="${game.id}" aria-hidden="true"></span>
    <span class="kind">${kinds[game.kind]}</span>
    <strong>${game.name}</strong><span class="blurb">${blurbs[game.id] ?? ''}</span>
    <span class="figures"><span><b>${games.showPercent(game.rtp, 2)}</b> return to player</span><span><b>${show(game.stakeMin)} – ${show(game.stakeMax)} ${currency}</b> per round</span></span>
    <span class="play">${state !== 'open' ? 'Closed at the moment' : without ? 'Try it without money' : 'Play'}</span></a>`
}
