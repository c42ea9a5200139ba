import { type Context, Hono } from 'hono'
import * as games from '#games'
import * as licences from '#licences'
import * as messages from '#messages'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { currencyOf, mayPlayFree } from '../player/free-play.ts'
import { stakeMaxFor } from '../player/stake-bounds.ts'
import { serveAssets } from './assets.ts'
import { confirmPage, registerPage, signInPage } from './pages/account.ts'
import { cashierPage } from './pages/cashier.ts'
import { privacyPage, termsPage } from './pages/documents.ts'
import { fairnessPage } from './pages/fairness.ts'
import { gamePage } from './pages/game.ts'
import { historyPage } from './pages/history.ts'
import { limitsPage } from './pages/limits.ts'
import { lobbyPage } from './pages/lobby.ts'
import { accountPage, forgottenPage, newPasswordPage } from './pages/password.ts'
import { securityPage } from './pages/security.ts'

/** The lobby and everything a player sees; pages are shells, what is in them comes from the API. */
export function playerPages(host: Host): Hono<FaceEnv> {
  const app = new Hono<FaceEnv>()
  serveAssets(app)
  app.get('/', async (c) => {
    const free = mayPlayFree(await licences.rules(host.sql), isSignedIn(c))
    return c.html(
      lobbyPage(await games.standings(host.sql), {
        currency: currencyOf(c.get('session')),
        signedIn: isSignedIn(c),
        free,
      }),
    )
  })
  app.get('/register', async (c) => c.html(registerPage(await licences.rules(host.sql))))
  app.get('/confirm', (c) => c.html(confirmPage()))
  app.get('/sign-in', (c) => c.html(signInPage(c.req.query('ended') !== undefined)))
  app.get('/forgotten', (c) => c.html(forgottenPage()))
  app.get('/new-password', async (c) => c.html(newPasswordPage(await licences.rules(host.sql))))
  app.get('/account', (c) => (isSignedIn(c) ? c.html(accountPage()) : c.redirect('/sign-in')))
  app.get('/terms', async (c) => c.html(termsPage(await licences.rules(host.sql), isSignedIn(c))))
  app.get('/privacy', async (c) => c.html(privacyPage(await licences.rules(host.sql), isSignedIn(c))))
  app.get('/games/:game', async (c) => {
    const game = games.gameOf(c.req.param('game'))
    const rules = await licences.rules(host.sql)
    const signedIn = isSignedIn(c)
    const free = mayPlayFree(rules, signedIn)
    const without = c.req.query('money') === 'none' && free ? 'here' : free ? 'offered' : 'refused'
    if (!signedIn && without !== 'here') return c.redirect('/sign-in')
    const again = c.req.query('round')
    const hurry = mayHurry(game, rules)
    const reads = messages.preferredLanguage(c.req.header('accept-language'), rules.languageDefault)
    const currency = currencyOf(c.get('session'))
    const stakeMax = await stakeMaxFor(host, rules, game, c.get('session'))
    return c.html(gamePage(game, currency, { hurry, reads, signedIn, stakeMax, without, ...(again ? { again } : {}) }))
  })
  app.get('/fairness', (c) => c.html(fairnessPage(isSignedIn(c))))
  app.get('/cashier', (c) => (isSignedIn(c) ? c.html(cashierPage()) : c.redirect('/sign-in')))
  app.get('/history', (c) => (isSignedIn(c) ? c.html(historyPage()) : c.redirect('/sign-in')))
  app.get('/limits', async (c) =>
    isSignedIn(c) ? c.html(limitsPage(await licences.rules(host.sql))) : c.redirect('/sign-in'),
  )
  app.get('/security', (c) =>
    isSignedIn(c) ? c.html(securityPage({ telephones: messages.isCarried('sms') })) : c.redirect('/sign-in'),
  )
  return app
}

/** Where a licence gives a round its least time, nobody cuts the showing of one short [RTS-14E]. */
function mayHurry({ kind }: games.Game, { cycleMsMin }: licences.Rules): boolean {
  return cycleMsMin[kind] === 0
}

function isSignedIn(c: Context<FaceEnv>): boolean {
  return c.get('session') !== undefined
}
