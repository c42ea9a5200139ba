import type { OpenAPIHono } from '@hono/zod-openapi'
import { buildFace } from '../build-face.ts'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { serveDocument } from '../openapi.ts'
import { serveAssets } from '../web/assets.ts'
import { cashierRoutes } from './cashier.ts'

/** The face for gateways, verifiers and studios; what they send is signed, and each route checks the signature. */
export function partnerFace(host: Host, ready: () => Promise<string[]>): OpenAPIHono<FaceEnv> {
  const app = buildFace(host, 'partner', ready)
  app.route('/', cashierRoutes(host))
  serveDocument(app, 'Countroom, partner face')
  serveAssets(app)
  return app
}
