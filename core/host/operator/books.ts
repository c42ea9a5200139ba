import { createRoute, z } from '@hono/zod-openapi'
import * as ledger from '#ledger'
import { permits } from '../access-rule.ts'
import { createRoutes, problems, writesNothing } from '../face.ts'
import type { Host } from '../host.ts'

const booksSchema = z
  .object({
    state: z.enum(['sound', 'contradict', 'unproven']),
    provenAt: z.iso.datetime().nullable(),
    firstBad: z.string().nullable().openapi({ example: 'every wallet equals its last running balance: wallet 42' }),
  })
  .openapi('Books')

/** How the books stand, for everybody who works here: nobody should pay out of books that contradict themselves. */
export function booksRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/books',
      ...permits(),
      ...writesNothing('a light for everybody: sound or not'),
      summary: 'How the books stand by the last proof: every minute of what is new, every night of all.',
      responses: {
        200: { description: 'The last proof.', content: { 'application/json': { schema: booksSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const last = await ledger.lastProof(host.sql)
      if (!last) return c.json({ state: 'unproven' as const, provenAt: null, firstBad: null }, 200)
      const state = last.ok ? ('sound' as const) : ('contradict' as const)
      return c.json({ state, provenAt: last.at.toISOString(), firstBad: last.firstBad }, 200)
    },
  )
  return routes
}
