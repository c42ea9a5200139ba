import type { OpenAPIHono } from '@hono/zod-openapi'
import { buildFace } from '../build-face.ts'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { machineIssuer } from '../oauth/issuers.ts'
import { describeTokens, serveDocument } from '../openapi.ts'
import { serveAssets } from '../web/assets.ts'
import { booksRoutes } from './books.ts'
import { carriersRoutes } from './carriers.ts'
import { cashierRoutes } from './cashier.ts'
import { oauthRoutes } from './oauth.ts'

/**
 * The face for gateways, verifiers and studios; what they send is signed, and each route checks the signature. Whoever asks for
 * something shows an access token.
 */
export function partnerFace(host: Host, ready: () => Promise<string[]>): OpenAPIHono<FaceEnv> {
  const app = buildFace(host, 'partner', ready)
  app.route('/', oauthRoutes(host))
  app.route('/', cashierRoutes(host))
  app.route('/', carriersRoutes(host))
  app.route('/', booksRoutes(host))
  describeTokens(app, machineIssuer(host))
  serveDocument(app, 'Countroom, partner face')
  serveAssets(app)
  return app
}
