import { z } from '@hono/zod-openapi'
import type * as sessions from '#sessions'
import type { Host } from '../host.ts'

/** A code, and what it is from. */
export const codeProof = z.strictObject({
  factor: z.enum(['email', 'totp', 'sms', 'recovery']),
  code: z.string().max(64),
})
export const password = z.string().max(256)
/** Messages of WebAuthn, in its own JSON; the room judges them. */
export const passkeyMessage = z.record(z.string(), z.unknown())
export const passkeyOptions = z.looseObject({ challenge: z.string() }).openapi('PasskeyRequest')
export const codeSent = z.object({ next: z.literal('enter_code') })

/** What showing a factor writes. */
export const shown = ['factors.used', 'factors.refused', 'factors.recovery_code_used'] as const

/** An app's code is taken in as many steps as the operator set, here as where the app was added. */
export function windowed(host: Host, proof: sessions.Proof): sessions.Proof {
  return { ...proof, window: host.config.factors.totpWindow }
}
