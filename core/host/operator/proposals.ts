import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Reader } from '#base'
import * as staff from '#staff'
import { permits } from '../access-rule.ts'
import { acts } from '../acts.ts'
import {
  body,
  createRoutes,
  type FaceEnv,
  type FaceStaff,
  idempotencyHeader,
  json,
  problems,
  staffOf,
  writes,
  writesNothing,
} from '../face.ts'
import { commandOf, type Host, mutate, transact } from '../host.ts'
import { passkeyMessage, passkeyOptions } from '../passkey-shapes.ts'
import { partyOf } from '../relying-party.ts'

const states = ['open', 'approved', 'done', 'rejected', 'withdrawn', 'expired'] as const
export const proposalSchema = z
  .object({
    proposal: z.string().openapi({ example: 'prp_01k…' }),
    act: z.string(),
    title: z.string(),
    statement: z.string().openapi({ description: 'Exactly what is signed: canonical JSON.' }),
    digest: z.string().openapi({ description: 'SHA-256 of the statement, in hex.' }),
    state: z.enum(states),
    proposedBy: z.string(),
    proposedByName: z.string(),
    proposedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    decidedBy: z.string().nullable(),
    decidedByName: z.string().nullable(),
    decidedAt: z.iso.datetime().nullable(),
    reason: z.string().nullable(),
    doneAt: z.iso.datetime().nullable(),
    mayDecide: z.boolean().openapi({
      description: 'By your roles, and because you did not ask for it, or glass was broken for you.',
    }),
    mine: z.boolean(),
  })
  .openapi('Proposal')
const actSchema = z
  .object({ act: z.string(), title: z.string(), mayPropose: z.boolean(), mayApprove: z.boolean() })
  .openapi('Act')
const reason = z.string().trim().min(3).max(400)
const params = z.strictObject({ proposal: z.string().max(40) })

const getActs = createRoute({
  method: 'get',
  path: '/api/acts',
  ...permits(),
  ...writesNothing('the acts that take two are the same in every casino'),
  summary: 'The acts that take two, and which of them you may ask for and approve.',
  responses: { 200: json(z.object({ acts: z.array(actSchema) }), 'The acts.'), ...problems },
})
const getProposals = createRoute({
  method: 'get',
  path: '/api/proposals',
  ...permits(),
  ...writesNothing('what was asked for stands in the log since it was asked for'),
  summary: 'What was asked for that you may see: your own, what you may approve, and all of it with `staff.view`.',
  request: {
    query: z.strictObject({
      waiting: z.literal('true').optional().openapi({ description: 'Only what waits, oldest first.' }),
      before: z.string().max(40).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(z.object({ proposals: z.array(proposalSchema) }), 'A page.'), ...problems },
})
const postProposal = createRoute({
  method: 'post',
  path: '/api/proposals',
  ...permits(),
  ...writes('staff.proposed'),
  summary: 'Asks for an act that takes two; it waits for somebody else for a day.',
  request: {
    headers: idempotencyHeader,
    body: body(
      z
        .strictObject({ act: z.string().max(60), payload: z.record(z.string(), z.unknown()), reason })
        .openapi('ProposalWish'),
    ),
  },
  responses: { 201: json(proposalSchema, 'It waits.'), ...problems },
})
const postChallenge = createRoute({
  method: 'post',
  path: '/api/proposals/{proposal}/challenge',
  ...permits(),
  ...writesNothing('a question to the approver’s passkey; the answer is told'),
  summary: 'What the approver’s browser needs to sign exactly this proposal.',
  request: { params },
  responses: {
    200: json(passkeyOptions, 'For `navigator.credentials.get`; it ends in the digest.'),
    ...problems,
  },
})
const postApproval = createRoute({
  method: 'post',
  path: '/api/proposals/{proposal}/approval',
  ...permits(),
  ...writes('staff.proposal_approved', 'factors.used', 'factors.refused'),
  summary: 'Approves exactly what was shown, named by its digest; it is done in the same transaction.',
  request: {
    headers: idempotencyHeader,
    params,
    body: body(
      z
        .strictObject({
          digest: z.string().regex(/^[0-9a-f]{64}$/),
          passkey: passkeyMessage,
        })
        .openapi('Approval'),
    ),
  },
  responses: { 200: json(proposalSchema, 'As it stands now.'), ...problems },
})
const ending = <P extends string>(
  path: P,
  code: 'staff.proposal_rejected' | 'staff.proposal_withdrawn',
  summary: string,
) =>
  createRoute({
    method: 'post',
    path,
    ...permits(),
    ...writes(code),
    summary,
    request: { headers: idempotencyHeader, params, body: body(z.strictObject({ reason })) },
    responses: { 200: json(proposalSchema, 'As it stands now.'), ...problems },
  })
const postRejection = ending('/api/proposals/{proposal}/rejection', 'staff.proposal_rejected', 'Says no to it.')
const postWithdrawal = ending(
  '/api/proposals/{proposal}/withdrawal',
  'staff.proposal_withdrawn',
  'Takes back what you asked for, also after it was approved, as long as it is not done.',
)

/** What one asks for and another approves. Who may is judged in the transaction, by the act. */
export function proposalRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  const rp = partyOf(host, 'operator')
  routes.openapi(getActs, (c) => {
    const { permissions } = staffOf(c)
    const shown = Object.entries(acts).map(([act, { title, propose, approve }]) => ({
      act,
      title,
      mayPropose: propose === null || permissions.includes(propose),
      mayApprove: permissions.includes(approve),
    }))
    return c.json({ acts: shown }, 200)
  })
  routes.openapi(getProposals, async (c) => {
    const member = staffOf(c)
    const { waiting, before, limit } = c.req.valid('query')
    const now = host.now()
    const found = waiting
      ? await staff.openProposals(host.sql, now)
      : await staff.proposals(host.sql, { now, limit, before })
    const visible = found.filter((proposal) => maySee(member, proposal))
    return c.json({ proposals: await show(host.sql, member, visible, now) }, 200)
  })
  routes.openapi(postProposal, (c) => {
    const member = staffOf(c)
    const wish = c.req.valid('json')
    return mutate(host, c, { operation: 'staff.propose', payload: wish }, async (tx, command) => ({
      status: 201,
      body: await showOne(tx, member, await staff.propose(tx, command, acts, wish), command.now),
    }))
  })
  routes.openapi(postChallenge, async (c) => {
    const { proposal } = c.req.valid('param')
    const wanted = await transact(host, (tx) => staff.approvalChallenge(tx, commandOf(host, c), acts, { proposal, rp }))
    return c.json(wanted as never, 200)
  })
  routes.openapi(postApproval, (c) => {
    const member = staffOf(c)
    const { proposal } = c.req.valid('param')
    const given = c.req.valid('json')
    const digest = Buffer.from(given.digest, 'hex')
    return mutate(host, c, { operation: 'staff.approve', payload: { proposal, ...given } }, async (tx, command) => {
      const approved = await staff.approve(tx, command, acts, { proposal, digest, rp, passkey: given.passkey })
      if ('refusal' in approved) return approved.refusal
      return { status: 200, body: await showOne(tx, member, approved, command.now) }
    })
  })
  for (const { route, operation, verb } of [
    { route: postRejection, operation: 'staff.reject', verb: staff.reject },
    { route: postWithdrawal, operation: 'staff.withdraw', verb: staff.withdraw },
  ] as const)
    routes.openapi(route, (c) => {
      const member = staffOf(c)
      const decision = { ...c.req.valid('param'), ...c.req.valid('json') }
      return mutate(host, c, { operation, payload: decision }, async (tx, command) => ({
        status: 200,
        body: await showOne(tx, member, await verb(tx, command, acts, decision), command.now),
      }))
    })
  return routes
}

function maySee(member: FaceStaff, { act, proposedBy }: staff.Proposal): boolean {
  const approve = acts[act]?.approve
  return (
    proposedBy === member.id ||
    member.permissions.includes('staff.view') ||
    (approve !== undefined && member.permissions.includes(approve))
  )
}

export async function showOne(reader: Reader, member: FaceStaff, proposal: staff.Proposal, now: Date) {
  return (await show(reader, member, [proposal], now))[0]!
}

async function show(
  reader: Reader,
  member: FaceStaff,
  proposals: readonly staff.Proposal[],
  now: Date,
): Promise<Array<z.infer<typeof proposalSchema>>> {
  const isAlone = (await staff.emergencyOf(reader, member.id, now)) !== undefined
  const names = new Map((await staff.members(reader)).map(({ staff, name }) => [staff, name]))
  return proposals.map(({ digest, proposedAt, expiresAt, decidedAt, doneAt, alone: _, ...rest }) => {
    const act = acts[rest.act]
    const mine = rest.proposedBy === member.id
    return {
      ...rest,
      title: act?.title ?? rest.act,
      digest: digest.toString('hex'),
      proposedByName: names.get(rest.proposedBy) ?? rest.proposedBy,
      proposedAt: proposedAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      decidedByName: rest.decidedBy && (names.get(rest.decidedBy) ?? rest.decidedBy),
      decidedAt: decidedAt?.toISOString() ?? null,
      doneAt: doneAt?.toISOString() ?? null,
      mayDecide: (!mine || isAlone) && act !== undefined && member.permissions.includes(act.approve),
      mine,
    }
  })
}
