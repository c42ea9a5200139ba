import type { OpenAPIHono } from '@hono/zod-openapi'
import { buildFace } from '../build-face.ts'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { strictJson } from '../middleware/body.ts'
import { sameOrigin } from '../middleware/same-origin.ts'
import { staffSignIn } from '../middleware/sign-in.ts'
import { serveDocument } from '../openapi.ts'
import { operatorPages } from '../web/operator.ts'
import { auditRoutes } from './audit.ts'
import { auditLogRoutes } from './audit-log.ts'
import { booksRoutes } from './books.ts'
import { cashierRoutes } from './cashier.ts'
import { clientsRoutes } from './clients.ts'
import { operatorGamesRoutes } from './games.ts'
import { ledgerRoutes } from './ledger.ts'
import { memberRoutes } from './members.ts'
import { oauthRoutes } from './oauth.ts'
import { passkeyRoutes } from './passkeys.ts'
import { pkiRoutes } from './pki.ts'
import { playersRoutes } from './players.ts'
import { privacyRoutes } from './privacy.ts'
import { programRoutes } from './program.ts'
import { proposalRoutes } from './proposals.ts'
import { operatorReturnsRoutes } from './returns.ts'
import { operatorRoundsRoutes } from './rounds.ts'
import { serviceRoutes } from './service.ts'
import { staffRoutes } from './staff.ts'

/** The face for the people who work here, on the management network. */
export function operatorFace(host: Host, ready: () => Promise<string[]>): OpenAPIHono<FaceEnv> {
  const app = buildFace(host, 'operator', ready)
  app.route('/', oauthRoutes(host)) // what comes here comes from apps and their servers, not from pages of ours
  app.use(sameOrigin(host.config.origins.operator))
  app.use(strictJson())
  app.use(staffSignIn(host))
  for (const routes of [
    staffRoutes,
    passkeyRoutes,
    memberRoutes,
    proposalRoutes,
    playersRoutes,
    privacyRoutes,
    cashierRoutes,
    ledgerRoutes,
    booksRoutes,
    operatorReturnsRoutes,
    operatorGamesRoutes,
    operatorRoundsRoutes,
    auditRoutes,
    auditLogRoutes,
    pkiRoutes,
    programRoutes,
    serviceRoutes,
    clientsRoutes,
  ])
    app.route('/', routes(host))
  serveDocument(app, 'Countroom, operator face')
  app.route('/', operatorPages(host))
  return app
}
