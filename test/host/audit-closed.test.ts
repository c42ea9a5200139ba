import { register } from 'prom-client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import * as players from '#players'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'

/** The log can be closed in several ways, and the engines below can fail at each step; whichever, nothing is done by half. */
let faces: Faces
let caller: Caller
beforeAll(async () => {
  faces = await openFaces()
  caller = faces.caller('player')
})
afterAll(() => faces.stop())

const ways: Array<[name: string, close: string, open: string]> = [
  [
    'no more writable by us',
    'revoke execute on function audit.append from countroom_app, public',
    'grant execute on function audit.append to countroom_app',
  ],
  [
    'on a full disk',
    `create function audit.full() returns trigger language plpgsql as $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$;
     create trigger full_disk before insert on audit.events execute function audit.full()`,
    'drop trigger full_disk on audit.events; drop function audit.full()',
  ],
  [
    'read-only',
    `create function audit.frozen() returns trigger language plpgsql as $$ begin raise exception 'cannot execute INSERT in a read-only transaction' using errcode = '25006'; end $$;
     create trigger frozen before insert on audit.events execute function audit.frozen()`,
    'drop trigger frozen on audit.events; drop function audit.frozen()',
  ],
  [
    'without its table',
    'alter table audit.unsealed rename to unsealed_away',
    'alter table audit.unsealed_away rename to unsealed',
  ],
]
let reopen = ''
afterEach(async () => {
  if (reopen) await faces.world.admin.unsafe(reopen)
  reopen = ''
})

test.each(ways)(
  'a log that is %s: 503, no change of state, an alarm; and afterwards all is well again [S53]',
  async (_, close, open) => {
    const before = await everything()
    const unwritten = await metric()
    const key = { 'idempotency-key': crypto.randomUUID() }
    const wish = await faces.world.registration()
    await faces.world.admin.unsafe(close)
    reopen = open
    const answer = await caller.ask('POST', '/api/registrations', wish, key)
    expect(answer.status).toBe(503)
    expect(answer.body).toMatchObject({ code: 'audit.unwritable' })
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(answer.raw).not.toMatch(/space left|permission|audit\.append|INSERT/)
    const wrong = await caller.ask('POST', '/api/sessions', { email: 'nobody@example.com', password: 'wrong' })
    expect(wrong.status, 'a failed sign-in that cannot be remembered is no answer').toBe(503)
    expect(await everything()).toEqual(before)
    expect(await metric()).toBeGreaterThan(unwritten)

    await faces.world.admin.unsafe(open)
    reopen = ''
    expect((await caller.ask('POST', '/api/registrations', wish, key)).status).toBe(202)
    const [players] = await faces.world.sql`select count(*)::int from players.players`
    expect(players?.count).toBe(before.players + 1)
  },
)

test('reading personal data is refused too', async () => {
  const { player } = await faces.world.player()
  const command = { ...faces.world.command(), actor: { kind: 'staff' as const, id: 'stf_eve' } }
  await faces.world.admin.unsafe(ways[0]![1])
  reopen = ways[0]![2]
  await expect(faces.world.act((tx) => players.inspect(tx, command, { player }))).rejects.toMatchObject({
    code: 'audit.unwritable',
  })
})

/** What an engine says when it fails, and what a request must not hand on. */
const words = 'could not read block 17 in file "base/16384/2619" of PostgreSQL 15.18'
const failing = (table: string, code: string): [string, () => Promise<unknown>, () => Promise<unknown>] => [
  `PostgreSQL fails with ${code} at ${table}`,
  () =>
    faces.world.admin.unsafe(`
      create function audit.failing() returns trigger language plpgsql as $$ begin raise exception '${words}' using errcode = '${code}'; end $$;
      create trigger failing before insert on ${table} execute function audit.failing()`),
  () => faces.world.admin.unsafe(`drop trigger failing on ${table}; drop function audit.failing()`),
]
const agent = () => faces.world.agent
const steps = [
  'players.players',
  'players.registration_counts',
  'players.confirmations',
  'keys.deks',
  'base.idempotency',
  'messages.outbox',
  'audit.unsealed',
]
const engines = [
  ...steps.flatMap((table) => [failing(table, '57P01'), failing(table, 'XX001')]),
  ['the key agent is gone', () => agent().kill(), () => agent().restart()],
  ['the key agent hangs', async () => agent().signal('SIGSTOP'), async () => agent().signal('SIGCONT')],
] as Array<ReturnType<typeof failing>>

test.each(engines)(
  '%s: a registration is refused in words that tell nothing of it, nothing is left of it, and it is done afterwards [S56]',
  async (_, breakIt, mendIt) => {
    const before = await everything()
    const key = { 'idempotency-key': crypto.randomUUID() }
    const wish = await faces.world.registration()
    await breakIt()
    const answer = await caller.ask('POST', '/api/registrations', wish, key).finally(mendIt)
    expect([500, 503], answer.raw).toContain(answer.status)
    expect(Object.keys(answer.body).sort()).toEqual(['code', 'detail', 'requestId', 'status', 'title', 'type'])
    const told = `${answer.raw} ${JSON.stringify([...answer.headers])}`
    expect(told).not.toMatch(
      /block|postgres|sql|pkcs|softhsm|token|socket|sock\b|ECONN|\.ts\b|node_modules|\bat \S+:\d|\d+\.\d+\.\d+/i,
    )
    expect(await everything()).toMatchObject({ players: before.players, kept: before.kept })
    expect((await caller.ask('POST', '/api/registrations', wish, key)).status).toBe(202)
    expect((await everything()).players).toBe(before.players + 1)
  },
)

test('PostgreSQL fails at the wallet: a confirmation is refused, the account stays unconfirmed, and it is confirmed afterwards [S56]', async () => {
  const { world } = faces
  const wish = await world.registration()
  expect((await caller.ask('POST', '/api/registrations', wish)).status).toBe(202)
  const found = async () => (await players.findByEmail(world.sql, world.agent.keys, wish.email))!
  const { player } = await found()
  const code = (await world.act((tx) => players.newConfirmation(tx, world.command(), player)))!
  const { email, password } = wish
  const key = { 'idempotency-key': crypto.randomUUID() }
  const confirm = () => caller.ask('POST', '/api/registrations/confirmation', { email, code, password }, key)
  const [, breakIt, mendIt] = failing('ledger.wallets', 'XX001')
  await breakIt()
  const answer = await confirm().finally(mendIt)
  expect([500, 503], answer.raw).toContain(answer.status)
  expect((await found()).status).toBe('pending_email')
  expect((await confirm()).status).toBe(200)
  expect((await found()).status).toBe('active')
})

async function everything() {
  const [row] = await faces.world.admin<Array<{ players: number; kept: number; others: number }>>`
    select (select count(*) from players.players)::int as players, (select count(*) from ledger.wallets) + (select count(*) from keys.deks) +
        (select count(*) from base.idempotency) + (select count(*) from messages.outbox) as kept, (select count(*) from ledger.wallets) + (select count(*) from keys.deks) +
      (select count(*) from base.idempotency) + (select count(*) from sessions.failures) + (select count(*) from audit.events) as others`
  return row!
}

async function metric(): Promise<number> {
  const found = await register.getSingleMetric('countroom_audit_unwritten_total')!.get()
  return found.values[0]?.value ?? 0
}
