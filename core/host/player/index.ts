import type { OpenAPIHono } from '@hono/zod-openapi'
import { buildFace } from '../build-face.ts'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { strictJson } from '../middleware/body.ts'
import { offeredHere } from '../middleware/offered-here.ts'
import { sameOrigin } from '../middleware/same-origin.ts'
import { playerSignIn } from '../middleware/sign-in.ts'
import { playerPages } from '../web/player.ts'
import { cashierRoutes } from './cashier.ts'
import { devicesRoutes } from './devices.ts'
import { emailRoutes } from './email.ts'
import { enrolmentRoutes } from './enrolment.ts'
import { factorsRoutes } from './factors.ts'
import { fairnessRoutes } from './fairness.ts'
import { freePlayRoutes } from './free-play.ts'
import { gamesRoutes } from './games.ts'
import { ledgerRoutes } from './ledger.ts'
import { meRoutes } from './me.ts'
import { myDataRoutes } from './my-data.ts'
import { passwordsRoutes } from './passwords.ts'
import { playersRoutes } from './players.ts'
import { protectionRoutes } from './protection.ts'
import { roundProofRoutes } from './round-proofs.ts'
import { roundsRoutes } from './rounds.ts'
import { signInRoutes } from './sign-in.ts'
import { stepUpRoutes } from './step-up.ts'

/** The face for the public, through the edge. */
export function playerFace(host: Host, ready: () => Promise<string[]>): OpenAPIHono<FaceEnv> {
  const app = buildFace(host, 'player', ready)
  app.use(sameOrigin(host.config.origins.player))
  app.use(strictJson())
  app.use(offeredHere(host))
  app.use(playerSignIn(host))
  for (const routes of [
    playersRoutes,
    signInRoutes,
    stepUpRoutes,
    meRoutes,
    myDataRoutes,
    devicesRoutes,
    factorsRoutes,
    enrolmentRoutes,
    passwordsRoutes,
    emailRoutes,
    protectionRoutes,
    cashierRoutes,
    ledgerRoutes,
    gamesRoutes,
    roundsRoutes,
    roundProofRoutes,
    fairnessRoutes,
    freePlayRoutes,
  ])
    app.route('/', routes(host))
  app.route('/', playerPages(host))
  return app
}
