import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

let db: TestDatabase
let agent: TestKeys
let keys: ReturnType<TestKeys['as']>
beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
  keys = agent.as('work')
})
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

const origin = 'countroom/test'
const write = (n: number) =>
  db.sql.begin((tx) =>
    audit.record(tx, systemCommand('test'), { action: 'players.viewed_in_full', subject: `x${n}`, reason: 'because' }),
  )
const seal = (eventsMax = 1000) =>
  db.work.begin(async (tx) => {
    if (!(await audit.beginSealing(tx))) return undefined
    return audit.seal(tx, { ...systemCommand('test'), keys }, { origin, batches: [], eventsMax })
  })

test('events of transactions side by side become leaves once each, and every size that was signed begins with the one before', async () => {
  let stop = false
  const sizes: number[] = []
  const sealing = (async () => {
    while (!stop) sizes.push((await seal(37))?.size ?? -1)
    while (((await seal(37))?.events ?? 0) > 0);
  })()
  for (let round = 0; round < 8; round++) await Promise.all(Array.from({ length: 50 }, (_, n) => write(n)))
  stop = true
  await sealing
  const [row] = await db.sql`
    select (select count(*) from audit.leaves)::int as leaves, (select count(distinct ref) from audit.leaves)::int as events,
      (select max(index) from audit.leaves)::int as last, (select count(*) from audit.unsealed)::int as waiting`
  expect(row).toEqual({ leaves: 400, events: 400, last: 399, waiting: 0 })
  const checkpoints = await db.sql`select size, root, note from audit.checkpoints order by size`
  expect(checkpoints.length).toBeGreaterThan(5)
  const known = await audit.logKeys(db.sql)
  for (const [n, checkpoint] of checkpoints.entries()) {
    expect(audit.signersOf(audit.readNote(checkpoint.note), known)).toHaveLength(1)
    const newer = checkpoints[n + 1]
    if (!newer) continue
    const [oldSize, size] = [Number(checkpoint.size), Number(newer.size)]
    const path = await audit.consistencyPath(db.sql, oldSize, size)
    expect(audit.isConsistent({ oldSize, size, oldRoot: checkpoint.root, root: newer.root, path })).toBe(true)
  }
})

test('an event is proven by its id to whoever has the public key only', async () => {
  const [event] = await db.sql`select id, entry from audit.events order by random() limit 1`
  const { entry, proof } = await audit.proveInclusion(db.sql, { ref: event!.id })
  expect(entry).toBe(event!.entry)
  const [head, note] = [proof.slice(0, proof.indexOf('\n\n')), proof.slice(proof.indexOf('\n\n') + 2)]
  const [form, place, ...path] = head.split('\n')
  expect(form).toBe('c2sp.org/tlog-proof@v1')
  const publicKey = audit.noteKey(origin, await agent.keys.publicKey('sk-audit'))
  expect(audit.signersOf(audit.readNote(note), [publicKey])).toHaveLength(1)
  const { size, root } = audit.readCheckpoint(note)
  const included = (text: string) =>
    audit.isIncluded({
      index: Number(place!.slice(6)),
      size,
      root,
      leaf: audit.leafHash(Buffer.from(text)),
      path: path.map((line) => Buffer.from(line, 'base64')),
    })
  expect(included(entry!)).toBe(true)
  expect(included(entry!.replace('success', 'failure'))).toBe(false)
  await expect(audit.proveInclusion(db.sql, { index: 400 })).rejects.toMatchObject({ code: 'audit.not_sealed' })
})

test('nothing new: nothing signed', async () => {
  const before = await audit.keptCheckpoint(db.sql)
  expect(await seal()).toMatchObject({ size: 400, events: 0 })
  expect(await audit.keptCheckpoint(db.sql)).toEqual(before)
})

test('without the key agent nothing is sealed and nothing is lost', async () => {
  await write(1)
  await agent.kill()
  await expect(seal()).rejects.toMatchObject({ code: 'keys.unavailable' })
  expect((await db.sql`select count(*)::int from audit.unsealed`)[0]?.count).toBe(1)
  expect((await audit.keptCheckpoint(db.sql))?.size).toBe(400)
  await agent.restart()
  expect(await seal()).toMatchObject({ size: 401, events: 1 })
})

test('the application can change neither leaves, tiles nor checkpoints', async () => {
  for (const statement of [
    'update audit.leaves set at = now()',
    'delete from audit.leaves',
    'truncate audit.tiles',
    "insert into audit.leaves values (9999, 'event', 'x', sha256(''), now())",
    'update audit.tiles set hashes = hashes',
    'update audit.checkpoints set root = sha256(root)',
    'delete from audit.checkpoints',
    'delete from audit.cosignatures',
    'update audit.horizon set index = 10',
    "insert into audit.checkpoints values (9999, now(), sha256(''), 'nonsense')",
    "insert into audit.log_keys values ('x', 1)",
    'select audit.archive(1)',
  ])
    for (const role of [db.sql, db.work])
      await expect(role.unsafe(statement), statement).rejects.toMatchObject({ code: '42501' })
  const shorter = db.work`select audit.write_tiles('{0}', '{0}', array[sha256('x')])`
  await expect(shorter).rejects.toMatchObject({ code: 'CR010' })
  const nonsense = db.work`select audit.keep_checkpoint(401, now(), sha256(''), 'nonsense', 'x')`
  await expect(nonsense).rejects.toMatchObject({ code: 'CR010' })
  const elsewhere = db.work`insert into audit.cosignatures values (9999, 'w', now(), 'x')`
  await expect(elsewhere).rejects.toMatchObject({ code: '23503' })
  const twoLines = db.sql`select audit.append(${`{"id":"${randomUUID()}",\n"at":"2026-01-01T00:00:00Z"}`}, null)`
  await expect(twoLines).rejects.toMatchObject({ code: expect.stringMatching(/^23/) })
})

test('nothing passes for a batch that was written down as an event: it is refused, and found where it stands [S51][S52]', async () => {
  const [known] = await db.sql`select id, entry from audit.events limit 1`
  const forged = (more: object) => JSON.stringify({ ...JSON.parse(known!.entry), id: randomUUID(), ...more })
  for (const entry of [
    forged({ batch: '7', lane: 1, root: '00'.repeat(32), rows: 1 }),
    forged({ batch: '7', digest: '', kind: 'batch', lane: 1, root: '00'.repeat(32), rows: 1 }),
    forged({ note: 'x' }),
    '[]',
  ])
    await expect(db.sql`select audit.append(${entry}, null)`, entry).rejects.toMatchObject({ code: 'CR010' })
  const undone = new Error('undone')
  let found: audit.AuditProof | undefined
  await db.admin
    .begin(async (tx) => {
      await tx`update audit.events set entry = ${JSON.stringify({ ...JSON.parse(known!.entry), root: '00', rows: 1 })} where id = ${known!.id}`
      found = await audit.verify(tx)
      throw undone
    })
    .catch((error: unknown) => expect(error).toBe(undone))
  expect(found).toMatchObject({ ok: false, firstBad: `event ${known!.id} was changed` })
  expect(await audit.verify(db.sql)).toMatchObject({ ok: true })
})

test('core’s role has no part in sealing: neither leaves nor tiles, checkpoints, cosignatures, nor where the second place stands [S51]', async () => {
  for (const statement of [
    'select audit.seal_events(10)',
    "select audit.seal_batches('{}', '{}', '{}', '{}', '{}', '', '')",
    "select audit.write_tiles('{}', '{}', '{}')",
    "select audit.keep_checkpoint(401, now(), sha256(''), 'x', 'x')",
    "select audit.thin_checkpoints(now() - interval '8 days')",
    "insert into audit.cosignatures values (401, 'w', now(), 'x')",
    'update audit.shipping set index = 0',
    "insert into audit.leaves (index, kind, ref, leaf, at) values (9999, 'event', 'x', sha256(''), now())",
    'set role countroom_work',
  ])
    await expect(db.sql.unsafe(statement), statement).rejects.toMatchObject({ code: '42501' })
})

test('the sealer signs no tree that does not begin with the one it signed before [S51]', async () => {
  await write(2)
  const faults: Array<[string, RegExp]> = [
    ['delete from audit.leaves where index = 400', /401/],
    ['delete from audit.checkpoints where size = 401', /401/],
    [
      'update audit.tiles set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where level = 0 and index = 1',
      /tiles/,
    ],
    ['delete from audit.tiles where level = 1', /tiles/],
    [
      "update audit.checkpoints set note = replace(note, 'countroom/test', 'countroom/best') where size = 401",
      /called/,
    ],
    [
      'update audit.checkpoints set note = (select note from audit.checkpoints where size < 401 limit 1) where size = 401',
      /401/,
    ],
  ]
  for (const [fault, words] of faults) {
    const found = await db.admin
      .begin(async (tx) => {
        await tx.unsafe(fault)
        await audit.seal(tx, { ...systemCommand('test'), keys }, { origin, batches: [], eventsMax: 10 })
      })
      .catch((error: unknown) => error)
    expect(found, fault).toBeInstanceOf(audit.BrokenLog)
    expect((found as Error).message, fault).toMatch(words)
  }
  expect(await seal()).toMatchObject({ size: 402 })
})

test('an event taken out of its table while it waits leaves a leaf that says so [S51]', async () => {
  await write(3)
  const [waiting] = await db.admin`select event from audit.unsealed`
  await db.admin`delete from audit.events where id = ${waiting!.event}`
  expect(await seal()).toMatchObject({ size: 403, events: 1, lost: [waiting!.event] })
  expect(await audit.leafOf(db.sql, { index: 402 })).toMatchObject({ kind: 'lost', ref: waiting!.event })
  const own = await audit.ownKeys(agent.keys, origin)
  expect(await audit.verifyLog(db.sql, { keys: own })).toMatchObject({
    ok: false,
    firstBad: `leaf 402: event ${waiting!.event} was taken out before it was sealed`,
  })
  expect((await audit.verifyLog(db.sql, { keys: own, lostKnown: [402] })).ok).toBe(true)
})

test('of old checkpoints one an hour stays, the witnessed one first; young ones cannot be forgotten; the log stays proven [S54]', async () => {
  const sizes = (await db.sql`select size from audit.checkpoints order by size`).map(({ size }) => Number(size))
  const witnessed = sizes[3]!
  await db.admin`insert into audit.cosignatures values (${witnessed}, 'w', now() - interval '9 days', 'x'), (${sizes[1]!}, 'w', now() - interval '9 days', 'x')`
  await db.admin`delete from audit.cosignatures where size = ${sizes[1]!}`
  const eightDaysAgo = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 9 * 86_400_000)
  await db.admin`update audit.checkpoints set at = ${eightDaysAgo} where size <= ${sizes.at(-3)!}`
  await db.work.begin((tx) => audit.thinCheckpoints(tx, new Date()))
  const left = (await db.sql`select size from audit.checkpoints order by size`).map(({ size }) => Number(size))
  expect(left).toEqual([witnessed, ...sizes.slice(-2)])
  await expect(db.work`select audit.thin_checkpoints(now() - interval '6 days')`).rejects.toMatchObject({
    code: 'CR012',
  })
  expect(
    await audit.verifyLog(db.sql, { keys: await audit.ownKeys(agent.keys, origin), lostKnown: [402] }),
  ).toMatchObject({
    size: 403,
    checkpoints: 3,
  })
})
