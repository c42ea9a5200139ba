import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand, type Tx } from '#base'
import { openWitness } from '../../../ops/witness/witness.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { deep, shallow, type Tampering } from './tamperings.ts'

// Somebody who is superuser of the database, against both verifiers: ours at the database, and a stranger's, who has a bundle that was
// exported afterwards, the public key, and the checkpoints that a witness holds elsewhere.
const origin = 'countroom/test'
const verifier = join(import.meta.dirname, '../../../ops/verifier/verify-audit-log.mjs')
const dir = mkdtempSync(join(tmpdir(), 'cr-tamper-'))
let db: TestDatabase
let agent: TestKeys
let keys: audit.NoteKey[]
/** What a witness saw, twice: as the log was at 600 leaves, and as it is now. */
let seen: audit.Checkpoint[]
/** The same as files, and the witness's key. */
let held: string[]
let untouched: string

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
  const kept = [(await audit.keptCheckpoint(db.sql, 600))!, (await audit.keptCheckpoint(db.sql))!]
  const witness = openWitness({ dir: join(dir, 'witness'), name: 'witness.example/one', logs: keys })
  held = ['--witness', witness.vkey, '--witnesses-min', '0']
  for (const [n, checkpoint] of kept.entries()) {
    const request = await audit.witnessRequest(db.sql, kept[n - 1]?.size ?? 0, checkpoint)
    expect(witness.add(request).status).toBe(200)
    const file = join(dir, `held-${n}`)
    writeFileSync(file, witness.newest(createHash('sha256').update(origin).digest('hex')).text)
    held.push('--held', file)
  }
  seen = kept
  untouched = (await bundle(db.sql))!
})
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true })
  await db.stop()
  await agent.stop()
})

test('the untouched log is proven, all of it', async () => {
  expect(await verified()).toEqual({ ok: true, size: 697, archived: 0, checkpoints: 7 })
  expect(stranger(untouched, held)).toMatchObject({ proven: true, entries: 697, archived: 0, checkpoints: 5, held: 2 })
})

test('what was held of the empty tree is looked at too', async () => {
  const held = (root: Buffer) => verified(db.sql, [{ origin, size: 0, root }])
  expect(await held(audit.rootOfHashes(Buffer.alloc(0)))).toMatchObject({ ok: true })
  expect(await held(Buffer.alloc(32, 7))).toMatchObject({
    ok: false,
    firstBad: 'what was seen from outside at 0 is not of the empty tree',
  })
})

test.each(shallow)('as superuser: $what; by both verifiers [S51][S52]', async ({ change, online, stranger: named }) => {
  let shown: string | undefined
  const found = await tampered(async (tx) => {
    await tx.unsafe(change)
    shown = await bundle(tx)
  })
  expect(found.ok).toBe(false)
  expect(found.firstBad).toMatch(online)
  expect((await verified()).ok).toBe(true)
  expect(outcomeOf(shown)).toBe(named)
})

test.each(deep)(
  'as superuser who also rewrites leaves, tiles and checkpoints and even has them signed: $what, against a witness; by both verifiers [S51][S52]',
  async ({ change, online, stranger: named }) => {
    let alone: audit.LogProof | undefined
    let shown: string | undefined
    const found = await tampered(async (tx) => {
      await tx.unsafe('alter table audit.leaves drop constraint leaves_kind_ref_key') // an exchange passes through a double
      await tx.unsafe(change)
      await rebuild(tx)
      alone = await audit.verifyLog(tx, { keys })
      shown = await bundle(tx)
    })
    expect(alone?.firstBad, 'nothing in the database gives it away').toBeUndefined()
    if (shown) expect(stranger(shown, []), 'nor does anything in the bundle').toMatchObject({ proven: true })
    expect(found.ok).toBe(false)
    expect(found.firstBad).toMatch(online)
    expect(outcomeOf(shown)).toBe(named)
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

/** The log as it is handed to a stranger; undefined where there is none to hand over. */
async function bundle(reader: Parameters<typeof audit.verifyLog>[0]): Promise<string | undefined> {
  const what = await audit.bundleOf(reader, { keys: agent.keys })
  if (!what) return undefined
  let text = ''
  for await (const piece of audit.bundleLines(reader, what)) text += piece
  return text
}

function stranger(text: string, options: readonly string[]): Record<string, unknown> {
  const file = join(dir, 'bundle.jsonl')
  writeFileSync(file, text)
  const args = [verifier, 'log', file, '--key', audit.vkeyOf(keys[0]!), '--json', ...options]
  return JSON.parse(spawnSync('node', args, { encoding: 'utf8' }).stdout)
}

/** What the standalone verifier says of a bundle with what the witness holds; where that is proven, every entry is still what it was. */
function outcomeOf(shown: string | undefined): Tampering['stranger'] {
  if (shown === undefined) return 'nothing to show'
  const { proven, firstBad, entries } = stranger(shown, held)
  if (!proven) return firstBad as number
  expect(entries).toBe(697)
  expect(entriesOf(shown)).toBe(entriesOf(untouched))
  return 'proven'
}

function entriesOf(text: string): string {
  return text.slice(text.indexOf('{"entries":'))
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
