import { z } from '@hono/zod-openapi'

/** What `navigator.credentials` gave, made or used; the room that takes it reads the rest. */
export const passkeyMessage = z
  .looseObject({ id: z.string().max(2000) })
  .openapi({ description: 'As the browser gave it.' })

/** What a browser needs for `navigator.credentials`. */
export const passkeyOptions = z.looseObject({ challenge: z.string() }).openapi('PasskeyOptions')
