import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { isUuid, Refusal } from '#base'
import * as ledger from '#ledger'
import * as players from '#players'
import { permits } from '../access-rule.ts'
import { betProofSchema, consistencyOf, consistencyPathSchema, heldSize, proveBet } from '../bet-proof.ts'
import { createRoutes, type FaceContext, type FaceEnv, problems, staffOf, writes, writesNothing } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'
import { witnessKeys } from '../witnesses.ts'

const number = z.string().regex(/^(0|[1-9]\d{0,14})$/)
const hash = z.string().openapi({ description: '32 bytes in base 64.' })
const note = z
  .string()
  .openapi({ description: 'A checkpoint with its signatures (C2SP tlog-checkpoint, signed-note).' })

const inclusionSchema = z
  .strictObject({
    index: z.string(),
    entry: z.string().nullable().openapi({ description: 'The bytes of the leaf; null once they are archived.' }),
    leaf: hash,
    proof: z.string().openapi({ description: 'Index, path and checkpoint (C2SP tlog-proof).' }),
    consistency: consistencyPathSchema.optional(),
  })
  .openapi('InclusionProof')
const consistencySchema = consistencyPathSchema.extend({ checkpoint: note }).openapi('ConsistencyProof')

const getCheckpoint = createRoute({
  method: 'get',
  path: '/api/audit/log/checkpoint',
  ...permits('audit.view'),
  ...writesNothing('a size and a hash, which are for everybody to keep'),
  summary: 'The newest checkpoint of the log, with every signature it got.',
  responses: {
    200: { description: 'The checkpoint.', content: { 'text/plain': { schema: note } } },
    ...problems,
  },
})
const getKeys = createRoute({
  method: 'get',
  path: '/api/audit/log/keys',
  ...permits('audit.view'),
  ...writesNothing('public keys, which are for everybody to keep'),
  summary:
    'The keys that signed the log so far, the newest last, as verifier keys. Compare them with what you were given.',
  responses: {
    200: {
      description: 'The keys.',
      content: { 'application/json': { schema: z.object({ keys: z.array(z.string()) }) } },
    },
    ...problems,
  },
})
const getInclusion = createRoute({
  method: 'get',
  path: '/api/audit/log/inclusion',
  ...permits('audit.view'),
  ...writes('audit.proof_viewed'),
  summary: 'Proves that an entry is in the log: by its index, or by the id of its event. Asking is written down.',
  request: {
    query: z.strictObject({ index: number.optional(), event: z.string().refine(isUuid).optional(), held: heldSize }),
  },
  responses: {
    200: { description: 'The proof.', content: { 'application/json': { schema: inclusionSchema } } },
    ...problems,
  },
})
const getConsistency = createRoute({
  method: 'get',
  path: '/api/audit/log/consistency',
  ...permits('audit.view'),
  ...writes('audit.proof_viewed'),
  summary: 'Proves that the log of one size, or of now, begins with that of an older size. Asking is written down.',
  request: { query: z.strictObject({ from: number, to: number.optional() }) },
  responses: {
    200: { description: 'The proof.', content: { 'application/json': { schema: consistencySchema } } },
    ...problems,
  },
})
const path = z.strictObject({
  path: z.string().max(60).openapi({ description: 'As C2SP tlog-tiles writes it.', example: '0/x001/234.p/17' }),
})
const binary = z.string().openapi({ format: 'binary' })
const getTile = createRoute({
  method: 'get',
  path: '/api/audit/log/tile/{path}',
  ...permits('audit.view'),
  ...writesNothing('hashes, of which nothing can be read'),
  summary: 'A tile of the tree, `<level>/<index>` or a part of it (C2SP tlog-tiles).',
  request: { params: path },
  responses: {
    200: { description: 'Up to 256 hashes.', content: { 'application/octet-stream': { schema: binary } } },
    ...problems,
  },
})
const getEntries = createRoute({
  method: 'get',
  path: '/api/audit/log/tile/entries/{path}',
  ...permits('audit.view'),
  ...writes('audit.proof_viewed'),
  summary: 'Up to 256 entries, each with its length before it (C2SP tlog-tiles). Reading them is written down.',
  request: { params: path },
  responses: {
    200: { description: 'An entry bundle.', content: { 'application/octet-stream': { schema: binary } } },
    ...problems,
  },
})
const getBundle = createRoute({
  method: 'get',
  path: '/api/audit/log/bundle.jsonl',
  ...permits('audit.view'),
  ...writes('audit.exported'),
  summary: 'The whole log for a stranger and ops/verifier/verify-audit-log.mjs. Taking it is written down.',
  responses: {
    200: { description: 'The bundle.', content: { 'application/jsonl': { schema: z.string() } } },
    ...problems,
  },
})
const getBetProof = createRoute({
  method: 'get',
  path: '/api/players/{player}/transfers/{transfer}/proof',
  ...permits('audit.view'),
  ...writes('audit.proof_viewed'),
  summary: 'Proves a bet, or any transfer of a player’s, and shows nobody else’s. Asking is written down.',
  request: {
    params: z.strictObject({ player: z.string().max(40), transfer: z.string().regex(/^[1-9]\d{0,17}$/) }),
    query: z.strictObject({ held: heldSize }),
  },
  responses: {
    200: { description: 'The proof.', content: { 'application/json': { schema: betProofSchema } } },
    ...problems,
  },
})

/** The log as a tree, for those with `audit.view`: proofs, tiles, and all of it for a stranger. */
export function auditLogRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  const witnesses = witnessKeys(host)
  const noted = (c: FaceContext, detail: { index?: string; from?: string; to?: string; reference?: string }) =>
    transact(host, (tx) =>
      audit.record(tx, commandOf(host, c), { action: 'audit.proof_viewed', subject: 'log', detail }),
    )
  routes.openapi(getCheckpoint, async (c) => {
    const newest = await audit.keptCheckpoint(host.sql)
    if (!newest) throw audit.notSealed()
    return c.text(await audit.publishedNote(host.sql, newest, witnesses), 200, { 'cache-control': 'no-store' })
  })
  routes.openapi(getKeys, async (c) => {
    return c.json({ keys: (await audit.logKeys(host.sql)).map(audit.vkeyOf) }, 200)
  })
  routes.openapi(getInclusion, async (c) => {
    const asked = c.req.valid('query')
    if ((asked.index === undefined) === (asked.event === undefined))
      throw new Refusal('invalid', 'request.invalid', 'Ask by index or by event, one of them.')
    const which = asked.event === undefined ? { index: Number(asked.index) } : { ref: asked.event }
    const found = await audit.proveInclusion(host.sql, which, { witnesses, held: numberOf(asked.held) })
    const { index, entry, leaf, proof, consistency } = found
    await noted(c, { index: String(index) })
    const tie = consistency && { consistency: consistencyOf(consistency) }
    return c.json({ index: String(index), entry, leaf: leaf.toString('base64'), proof, ...tie }, 200)
  })
  routes.openapi(getConsistency, async (c) => {
    const { from, to } = c.req.valid('query')
    const found = await audit.proveConsistency(host.sql, { oldSize: Number(from), size: numberOf(to), witnesses })
    await noted(c, { from, to: String(found.to) })
    return c.json({ ...consistencyOf(found), checkpoint: found.checkpoint }, 200)
  })
  routes.openAPIRegistry.registerPath(getEntries)
  routes.get('/api/audit/log/tile/entries/:path{.+}', getEntries.middleware, async (c) => {
    const { index, width } = tileIn(`0/${c.req.param('path')}`)
    const bytes = await audit.readEntryBundle(host.sql, { index, width })
    if (!bytes) throw audit.notSealed()
    await noted(c, { reference: `entries/${c.req.param('path')}` })
    return octets(bytes)
  })
  routes.openAPIRegistry.registerPath(getTile)
  routes.get('/api/audit/log/tile/:path{.+}', getTile.middleware, async (c) => {
    const bytes = await audit.readTile(host.sql, tileIn(c.req.param('path')))
    if (!bytes) throw audit.notSealed()
    return octets(bytes)
  })
  routes.openapi(getBundle, (c) => {
    const member = staffOf(c)
    const command = commandOf(host, c)
    const file = `audit-log-${command.now.toISOString().slice(0, 10)}.jsonl`
    const type = 'application/jsonl; charset=utf-8'
    return host.exports.answer(c, { caller: member.id, file, type }, async (reader) => {
      const bundle = await audit.bundleOf(reader, { witnesses, keys: host.keys })
      if (!bundle) throw audit.notSealed()
      await transact(host, (tx) =>
        audit.record(tx, command, { action: 'audit.exported', subject: 'log', detail: { format: 'bundle' } }),
      )
      return audit.bundleLines(reader, bundle)
    })
  })
  routes.openapi(getBetProof, async (c) => {
    const { player, transfer } = c.req.valid('param')
    const wallet = await ledger.walletOf(host.sql, player)
    if (!wallet) throw players.playerUnknown()
    const asking = { witnesses, held: numberOf(c.req.valid('query').held) }
    const proof = await proveBet(host.sql, { wallet: wallet.wallet, transfer: BigInt(transfer) }, asking)
    await transact(host, (tx) =>
      audit.record(tx, commandOf(host, c), {
        action: 'audit.proof_viewed',
        subject: player,
        detail: { reference: transfer },
      }),
    )
    return c.json(proof, 200)
  })
  return routes
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

/** A tile's place from its path: the index in groups of three digits, all but the last with an x before them. */
function tileIn(path: string): { level: number; index: number; width: number } {
  const [, level, groups = '', width = '256'] =
    /^(0|[1-9]\d?)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path) ?? []
  const place = { level: Number(level), index: Number(groups.replaceAll(/[x/]/g, '')), width: Number(width) }
  if (level === undefined || place.level > 63 || place.width > audit.tileHashes)
    throw new Refusal('invalid', 'request.invalid', 'This is no path of a tile.')
  return place
}

function octets(bytes: Buffer): Response {
  const headers = {
    'content-type': 'application/octet-stream',
    'cache-control': 'private, max-age=31536000, immutable',
  }
  return new Response(new Uint8Array(bytes), { headers })
}
