import { createRoute, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { type Currency, showMoney, type Tx } from '#base'
import * as ledger from '#ledger'
import * as messages from '#messages'
import * as players from '#players'
import * as privacy from '#privacy'
import * as sessions from '#sessions'
import * as staff from '#staff'
import { permits } from '../access-rule.ts'
import {
  createRoutes,
  type FaceContext,
  type FaceStaff,
  idempotencyHeader,
  problems,
  staffOf,
  wireMoney,
  writes,
} from '../face.ts'
import { commandOf, type Host, type HostCommand, mutate, transact } from '../host.ts'
import { tellPlayer } from '../live.ts'

const playerId = z.string().max(40).openapi({ example: 'plr_01k…' })
const brief = z
  .object({
    player: playerId,
    status: z.string(),
    country: z.string(),
    currency: z.string(),
    registeredAt: z.iso.datetime(),
    closedAt: z.iso.datetime().nullable(),
  })
  .openapi('PlayerBrief')
const full = brief
  .extend({
    email: z.string(),
    name: z.string(),
    dateOfBirth: z.string(),
    address: z.object({ street: z.string(), city: z.string(), postalCode: z.string() }),
    inFull: z.array(z.enum(players.fields)).openapi({ description: 'What is not masked.' }),
    mailBounced: z
      .object({ at: z.iso.datetime(), status: z.string().openapi({ example: '5.1.1' }) })
      .nullable()
      .openapi({ description: 'Since when mail to the address comes back; none is sent there.' }),
    erasureAskedAt: z.iso.datetime().nullable().openapi({
      description: 'Since when the player waits to be erased; an answer is due within a month (GDPR Art. 12).',
    }),
    balance: z.object({ cash: wireMoney, bonus: wireMoney, held: wireMoney }).nullable(),
  })
  .openapi('PlayerDetail')
const reason = z.strictObject({ reason: z.string().trim().min(3).max(400) }).openapi('Reason')

export function playersRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/players',
      ...permits('players.view'),
      ...writes('players.searched'),
      summary: 'Players, newest first, or the one with an e-mail address.',
      request: {
        query: z.strictObject({
          email: z.string().max(254).optional(),
          before: z.string().max(40).optional(),
          limit: z.coerce.number().int().min(1).max(100).default(50),
        }),
      },
      responses: {
        200: {
          description: 'Players.',
          content: { 'application/json': { schema: z.object({ players: z.array(brief) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { email, before, limit } = c.req.valid('query')
      const found = email
        ? await searched(host, c, email)
        : await players.listPlayers(host.sql, { limit, ...(before ? { before } : {}) })
      return c.json({ players: found.map(shown) }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/players/{player}',
      ...permits('players.view'),
      ...writes('players.viewed_masked', 'players.viewed_in_full'),
      summary:
        'One player. Personal data is masked; with a reason, what your role may see is shown. Either way it is written down.',
      request: {
        params: z.object({ player: playerId }),
        query: z.strictObject({ reason: z.string().trim().min(3).max(400).optional() }),
      },
      responses: {
        200: { description: 'The player.', content: { 'application/json': { schema: full } } },
        ...problems,
      },
    }),
    async (c) => {
      const member = staffOf(c)
      const { reason } = c.req.valid('query')
      const inFull = reason === undefined ? [] : unmaskable(member)
      const id = c.req.valid('param').player
      const player = await players.findPlayer(host.sql, id)
      if (!player) throw players.playerUnknown()
      const profile = await transact(host, (tx) =>
        players.inspect(tx, commandOf(host, c), {
          player: id,
          ...(reason === undefined ? {} : { unmask: { reason, fields: inFull } }),
        }),
      )
      const bounce = await messages.bounceOf(host.sql, id, 'email')
      const erasureAskedAt = await players.erasureAskedAt(host.sql, id)
      const wallet = await ledger.walletOf(host.sql, id)
      const balance = wallet ? await ledger.balance(host.sql, wallet.wallet) : undefined
      const show = (amount: bigint) => showMoney({ amount, currency: player.currency as Currency })
      return c.json(
        {
          ...shown(player),
          ...profile,
          inFull,
          erasureAskedAt: erasureAskedAt?.toISOString() ?? null,
          mailBounced: bounce ? { at: bounce.at.toISOString(), status: bounce.status } : null,
          balance: balance ? { cash: show(balance.cash), bonus: show(balance.bonus), held: show(balance.held) } : null,
        },
        200,
      )
    },
  )

  for (const [act, change, events] of [
    ['mail-again', trustAddress, ['messages.address_trusted']],
    ['password-reset', beginReset, ['sessions.reset_asked']],
    ['suspension', players.suspend, ['players.suspended', 'sessions.all_ended']],
    ['reinstatement', reinstate, ['players.reinstated']],
    ['closure', players.close, ['players.closed', 'sessions.all_ended']],
    ['erasure-answer', players.answerErasure, ['players.erasure_answered']],
  ] as const)
    routes.openapi(
      createRoute({
        method: 'post',
        path: `/api/players/{player}/${act}`,
        ...permits('players.suspend'),
        ...writes(...events),
        summary: summaries[act],
        request: {
          headers: idempotencyHeader,
          params: z.object({ player: playerId }),
          body: { required: true, content: { 'application/json': { schema: reason } } },
        },
        responses: {
          200: {
            description: 'Done.',
            content: { 'application/json': { schema: z.object({ done: z.literal(true) }) } },
          },
          ...problems,
        },
      }),
      async (c) => {
        const input = { player: c.req.valid('param').player, ...c.req.valid('json') }
        const answer = await mutate(host, c, { operation: `players.${act}`, payload: input }, async (tx, command) => {
          await change(tx, command, input)
          if (act === 'suspension' || act === 'closure') await sessions.endAll(tx, command, input.player)
          await tellPlayer(host, input.player, 'account')
          return { status: 200, body: { done: true } }
        })
        await host.signIns.ended(input.player)
        return answer
      },
    )

  return routes
}

/** The fields somebody may see in full. @throws Refusal `staff.not_permitted` when there is none */
function unmaskable(member: FaceStaff): players.Field[] {
  const permitted = players.fields.filter((field) => member.permissions.includes(`players.unmask_${field}`))
  if (permitted.length === 0) staff.permit(member, 'players.unmask_contact')
  for (const field of permitted) staff.permit(member, `players.unmask_${field}`)
  return permitted
}

const summaries = {
  suspension: 'Suspends a player and ends their sessions.',
  reinstatement: 'Lets a player back in who is suspended, or whose account was closed and is not being erased.',
  closure: 'Closes an account without money and ends its sessions; the player is told.',
  'erasure-answer': 'Notes that a player who asked to be erased was answered otherwise, and why so.',
  'mail-again': 'Sends mail again to an address from which it had come back.',
  'password-reset': 'Sends the player a code for a new password; nobody else sees it.',
}

async function reinstate(tx: Tx, command: HostCommand, input: { player: string; reason: string }) {
  if (await privacy.decided(tx, input.player)) throw privacy.decidedAlready()
  await players.reinstate(tx, command, input)
}

async function trustAddress(tx: Tx, command: HostCommand, { player, reason }: { player: string; reason: string }) {
  if (!(await players.findPlayer(tx, player))) throw players.playerUnknown()
  await messages.tryAgain(tx, command, { holder: player, reason })
}

async function beginReset(tx: Tx, command: HostCommand, { player, reason }: { player: string; reason: string }) {
  const known = await players.findPlayer(tx, player)
  if (!known) throw players.playerUnknown()
  if (known.status !== 'active') throw players.statusForbids(known.status)
  await sessions.offerReset(tx, command, { player, reason })
}

/** Who is a player and who is not is personal, so that somebody asked is written down; the address itself is not. */
async function searched(host: Host, c: FaceContext, email: string): Promise<players.Player[]> {
  const found = await players.findByEmail(host.sql, host.keys, email)
  await transact(host, (tx) =>
    audit.record(tx, commandOf(host, c), { action: 'players.searched', subject: found?.player ?? 'unknown' }),
  )
  return found ? [found] : []
}

function shown(player: players.Player) {
  const { registeredAt, closedAt, ...rest } = player
  return { ...rest, registeredAt: registeredAt.toISOString(), closedAt: closedAt?.toISOString() ?? null }
}
