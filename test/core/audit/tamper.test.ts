import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand, type Tx } from '#base'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

// Somebody who is superuser of the database, against a verifier that has the public key and, in the second half, a
// checkpoint that a witness holds elsewhere.
const origin = 'countroom/test'
let db: TestDatabase
let agent: TestKeys
let keys: audit.NoteKey[]
/** What a witness saw, twice: as the log was at 600 leaves, and as it is now. */
let seen: audit.Checkpoint[]

beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
  keys = [audit.noteKey(origin, await agent.keys.publicKey('sk-audit'))]
  const signer = { ...systemCommand('test'), keys: agent.as('work') }
  for (const count of [250, 6, 44, 300, 97]) {
    await db.sql.begin(async (tx) => {
      for (let n = 0; n < count; n++)
        await audit.record(tx, systemCommand('test'), {
          action: 'players.viewed_in_full',
          subject: `x${n}`,
          reason: 'because',
        })
    })
    await db.work.begin((tx) => audit.seal(tx, signer, { origin, batches: [], eventsMax: 1000 }))
  }
  seen = [(await audit.keptCheckpoint(db.sql, 600))!, (await audit.keptCheckpoint(db.sql))!]
})
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

test('the untouched log is proven, all of it', async () => {
  expect(await verified()).toEqual({ ok: true, size: 697, archived: 0, checkpoints: 7 })
})

test('what was held of the empty tree is looked at too', async () => {
  const held = (root: Buffer) => verified(db.sql, [{ origin, size: 0, root }])
  expect(await held(audit.rootOfHashes(Buffer.alloc(0)))).toMatchObject({ ok: true })
  expect(await held(Buffer.alloc(32, 7))).toMatchObject({
    ok: false,
    firstBad: 'what was seen from outside at 0 is not of the empty tree',
  })
})

const at = (index: number) => `(select ref::uuid from audit.leaves where index = ${index})`
const faults: Array<[string, string, RegExp]> = [
  [
    'an entry edited',
    `update audit.events set entry = replace(entry, 'success', 'failure') where id = ${at(300)}`,
    /^leaf 300: its entry was changed/,
  ],
  [
    'one byte of an entry',
    `update audit.events set entry = entry || ' ' where id = ${at(0)}`,
    /^leaf 0: its entry was changed/,
  ],
  ['an event deleted', `delete from audit.events where id = ${at(255)}`, /^leaf 255: its entry is missing/],
  ['all events deleted', 'truncate audit.events', /^leaf 0: its entry is missing/],
  [
    'an event inserted',
    'insert into audit.events select gen_random_uuid(), at, code, outcome, actor_kind, actor, subject, player, request_id, entry, sealed from audit.events limit 1',
    /^event .* is no leaf/,
  ],
  [
    'two entries exchanged',
    `update audit.events e set entry = o.entry from audit.events o where e.id in (${at(10)}, ${at(11)}) and o.id in (${at(10)}, ${at(11)}) and o.id <> e.id`,
    /^leaf 10: its entry was changed/,
  ],
  [
    'an entry and its leaf edited',
    `with e as (update audit.events set entry = entry || ' ' where id = ${at(301)} returning id, entry) update audit.leaves set leaf = sha256('\\x00'::bytea || convert_to(e.entry, 'UTF8')) from e where ref = e.id::text`,
    /^leaf 301 is not the one in the tree/,
  ],
  [
    'two leaves exchanged',
    'update audit.leaves l set leaf = o.leaf, ref = o.ref || 0 from audit.leaves o where l.index in (10, 11) and o.index in (10, 11) and o.index <> l.index',
    /^leaf 10/,
  ],
  ['a leaf deleted', 'delete from audit.leaves where index = 400', /^leaf 400 is missing/],
  ['the last leaf deleted', 'delete from audit.leaves where index = 696', /^leaf 696 is not the one in the tree/],
  [
    'a leaf inserted',
    "insert into audit.leaves values (697, 'lost', 'x', sha256('\\x0061'), now(), 'a')",
    /^leaf 697 is not|^leaf 697 is under no checkpoint/,
  ],
  [
    'a tile edited',
    'update audit.tiles set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 0 and index = 2',
    /^leaf 513 is not the one in the tree/,
  ],
  [
    'an upper tile edited',
    'update audit.tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1',
    /^leaf 0: the tile 1\/0/,
  ],
  ['tiles truncated', 'truncate audit.tiles', /^leaf 0 is not the one in the tree/],
  [
    'a checkpoint edited',
    'update audit.checkpoints set root = sha256(root) where size = 600',
    /^checkpoint 600 is of another tree; the first bad leaf is one of 300 to 599/,
  ],
  [
    'a checkpoint of another size',
    'update audit.checkpoints c set note = o.note from audit.checkpoints o where c.size = 600 and o.size = 300',
    /^checkpoint 600 says something else/,
  ],
  [
    'checkpoints truncated',
    'truncate audit.checkpoints cascade',
    /^leaf 300 is under no checkpoint|^leaf 0 is under no checkpoint|^leaf 697/,
  ],
]
faults.push(
  [
    'an event called lost, its entry kept with the leaf, and deleted',
    `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set kind = 'lost', entry = e.entry from audit.events e where l.index = 100 and e.id::text = l.ref;
     delete from audit.events where id = ${at(100)}`,
    /^leaf 100 is not what it says it is/,
  ],
  [
    'an event replaced, its entry kept with the leaf',
    `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set entry = e.entry from audit.events e where l.index = 100 and e.id::text = l.ref;
     update audit.events set entry = replace(entry, 'because', 'FORGED') where id = ${at(100)}`,
    /^leaf 100 is not what it says it is/,
  ],
  [
    'an event called a batch',
    `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set kind = 'batch', entry = e.entry from audit.events e where l.index = 100 and e.id::text = l.ref`,
    /^leaf 100 is not what it says it is/,
  ],
  [
    'all events called lost and truncated',
    `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set kind = 'lost', entry = e.entry from audit.events e where e.id::text = l.ref; truncate audit.events`,
    /^leaf 0 is not what it says it is/,
  ],
)
test.each(faults)('as superuser: %s [S51]', async (_what, change, words) => {
  const found = await tampered((tx) => tx.unsafe(change))
  expect(found.ok).toBe(false)
  expect(found.firstBad).toMatch(words)
  expect((await verified()).ok).toBe(true)
})

const deep: Array<[string, string, RegExp]> = [
  [
    'an entry edited',
    `update audit.events set entry = replace(entry, 'success', 'failure') where id = ${at(450)}`,
    /^what was seen from outside at 600 is of another tree; the first bad leaf is one of 0 to 599/,
  ],
  [
    'an event deleted',
    `with gone as (delete from audit.events where id = ${at(450)} returning id) delete from audit.leaves where ref = (select id::text from gone)`,
    /^what was seen from outside at 600 is of another tree; the first bad leaf is one of 0 to 599/,
  ],
  [
    'an event inserted',
    `with fresh as (insert into audit.events select gen_random_uuid(), at, code, outcome, actor_kind, actor, subject, player, request_id, entry, sealed from audit.events limit 1 returning id) insert into audit.leaves select 50650, 'event', id::text, sha256(''), now() from fresh; update audit.leaves set index = index + 100000 where index between 651 and 1000`,
    /697 is of another tree; the first bad leaf is one of 600 to 696/,
  ],
  [
    'two events exchanged',
    `update audit.leaves l set ref = o.ref from audit.leaves o where l.index in (610, 611) and o.index in (610, 611) and o.index <> l.index`,
    /^what was seen from outside at 697 is of another tree; the first bad leaf is one of 600 to 696/,
  ],
  [
    'the end cut off',
    'delete from audit.events where id::text in (select ref from audit.leaves where index >= 650); delete from audit.leaves where index >= 650',
    /^leaf 650 is missing: what was seen from outside at 697/,
  ],
  ['everything gone', 'truncate audit.events, audit.leaves', /^leaf 0 is missing: what was seen from outside at 600/],
]
test.each(deep)(
  'as superuser who also rewrites leaves, tiles and checkpoints and even has them signed: %s, against a witness [S51][S52]',
  async (_what, change, words) => {
    let alone: audit.LogProof | undefined
    const found = await tampered(async (tx) => {
      await tx.unsafe('alter table audit.leaves drop constraint leaves_kind_ref_key') // an exchange passes through a double
      await tx.unsafe(change)
      await rebuild(tx)
      alone = await audit.verifyLog(tx, { keys })
    })
    expect(alone?.firstBad, 'nothing in the database gives it away').toBeUndefined()
    expect(found.ok).toBe(false)
    expect(found.firstBad).toMatch(words)
  },
)

test('checkpoints signed by another key are found without a witness [S51]', async () => {
  const found = await tampered(async (tx) => {
    await tx.unsafe(`update audit.checkpoints set note = replace(note, '— ${origin} ', '— ${origin}x ')`)
  }, [])
  expect(found.firstBad).toMatch(/^checkpoint 250 is not signed by this log/)
})

function verified(reader: Parameters<typeof audit.verifyLog>[0] = db.sql, outside = seen) {
  return audit.verifyLog(reader, { keys, outside })
}

/** Plants a fault in a transaction that is rolled back, and looks at it from inside. */
async function tampered(change: (tx: Tx) => Promise<unknown>, outside = seen): Promise<audit.LogProof> {
  let found: audit.LogProof | undefined
  const undo = new Error('undo')
  await db.admin
    .begin(async (tx) => {
      await change(tx)
      found = await verified(tx, outside)
      throw undo
    })
    .catch((error) => {
      if (error !== undo) throw error
    })
  return found!
}

/** All that follows from the entries, made anew, with signatures of the log's own key. */
async function rebuild(tx: Tx): Promise<void> {
  await tx`truncate audit.tiles, audit.checkpoints cascade`
  await tx`
    with placed as (select ref, row_number() over (order by index) - 1 as place from audit.leaves)
    update audit.leaves l set index = p.place + 1000000 from placed p where p.ref = l.ref`
  await tx`update audit.leaves set index = index - 1000000`
  await tx`
    update audit.leaves l set leaf = sha256('\\x00'::bytea || convert_to(e.entry, 'UTF8')) from audit.events e where e.id::text = l.ref`
  const leaves = (await tx<Array<{ leaf: Buffer }>>`select leaf from audit.leaves order by index`).map(
    ({ leaf }) => leaf,
  )
  for (let [level, hashes] = [0, leaves]; hashes.length > 0; level++) {
    const rising: Buffer[] = []
    for (let index = 0; index * 256 < hashes.length; index++) {
      const tile = Buffer.concat(hashes.slice(index * 256, index * 256 + 256))
      await tx`insert into audit.tiles values (${level}, ${index}, ${tile})`
      if (tile.length === 8192) rising.push(audit.rootOfHashes(tile))
    }
    hashes = rising
  }
  await agent.as('ops').beginLog(origin) // the agent would not sign another tree of this log without being told
  for (const size of [250, 256, 300, 600, leaves.length].filter(
    (size, n, all) => size > 0 && size <= leaves.length && all.indexOf(size) === n,
  )) {
    const root = audit.rootOfHashes(Buffer.concat(leaves.slice(0, size)))
    const { note } = await audit.signCheckpoint(agent.as('work'), { origin, size, root })
    await tx`insert into audit.checkpoints values (${size}, now(), ${root}, ${note})`
  }
}
