import { z } from '@hono/zod-openapi'
import type * as games from '#games'

export const seedsSchema = z
  .object({
    commitment: z.string().openapi({ description: 'SHA-256 of the house’s seed, shown before the first round by it.' }),
    clientSeed: z.string(),
    rounds: z
      .number()
      .int()
      .openapi({ description: 'How many rounds were drawn by it; the next one has this number.' }),
    nonce: z.number().int().optional().openapi({ description: 'Of a round, which number it has.' }),
    since: z.iso.datetime(),
    serverSeed: z
      .string()
      .optional()
      .openapi({ description: 'The house’s seed, 64 hexadecimal digits, once it is used no more.' }),
    until: z.iso.datetime().optional(),
  })
  .openapi('Seeds')

export function seedsWire({ since, until, ...seeds }: games.SeedsView & { nonce?: number }) {
  return { ...seeds, since: since.toISOString(), ...(until ? { until: until.toISOString() } : {}) }
}
