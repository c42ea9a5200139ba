import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { askWitness, startWitnessing } from '../../core/host/witnesses.ts'
import { openWitness } from '../../ops/witness/witness.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { startTestKeys, type TestKeys } from '../support/keys.ts'
import { type RunningWitness, startWitness } from '../support/witness.ts'

const origin = 'countroom/test'
const repository = join(import.meta.dirname, '../..')
let db: TestDatabase
let agent: TestKeys
let dir: string
let log: audit.NoteKey
let running: RunningWitness

beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
  dir = mkdtempSync(join(tmpdir(), 'cr-witness-'))
  log = (await audit.ownKeys(agent.keys, origin))[0]!
  running = await startWitness(dir, log)
})
afterAll(async () => {
  await running.stop()
  await db.stop()
  await agent.stop()
  rmSync(dir, { recursive: true, force: true })
})

test('a witness in a process of its own signs what only grew, and the signature is published [S52]', async () => {
  await grow(3)
  expect(await ask()).toEqual({ outcome: 'signed' })
  expect(await ask()).toEqual({ outcome: 'current' })
  await grow(300)
  expect(await ask()).toEqual({ outcome: 'signed' })
  const newest = (await audit.keptCheckpoint(db.sql))!
  const note = audit.readNote(await audit.publishedNote(db.sql, newest, [running.key]))
  expect(audit.signersOf(note, [log, running.key])).toEqual([log, running.key])
  const hash = createHash('sha256').update(origin).digest('hex')
  const held = await (await fetch(`${running.url}/${hash}/checkpoint`)).text()
  expect(audit.readCheckpoint(held)).toMatchObject({ size: 303 })
  expect(audit.signersOf(audit.readNote(held), [log, running.key])).toHaveLength(2)
})

test('it remembers over a restart, and a log that forgot what was signed is told', async () => {
  await running.stop()
  await grow(5)
  expect((await ask().catch(() => ({ outcome: 'away' }))).outcome).toBe('away')
  running = await startWitness(dir, log)
  await db.admin`delete from audit.cosignatures`
  expect(await ask()).toEqual({ outcome: 'signed' })
})

test('one process is the witness of a folder, and one that ended holds nothing', async () => {
  const options = { dir, name: 'witness.example/one', logs: [log] }
  expect(() => openWitness(options)).toThrow(`process ${running.process.pid} is the witness`)
  await running.stop()
  running = await startWitness(dir, log)
  expect((await fetch(`${running.url}/vkey`)).status).toBe(200)
})

test('what the database says of a witness is not believed: it is asked, and nothing is published that does not verify [S51]', async () => {
  const { size } = (await audit.keptCheckpoint(db.sql))!
  await grow(2)
  const newest = (await audit.keptCheckpoint(db.sql))!
  const name = running.key.name
  const [old] = await db.sql`select line from audit.cosignatures where size = ${size}`
  const rows: Array<[number, string, string]> = [
    [newest.size, name, old!.line], // of another tree
    [newest.size - 1, name, 'nonsense'],
    [10 ** 12, name, old!.line],
    [newest.size, 'other', 'no\nline'],
  ]
  await db.admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica` // whoever is superuser is not held by a foreign key
    for (const [at, witness, line] of rows)
      await tx`insert into audit.cosignatures (size, witness, at, line) values (${at}, ${witness}, now(), ${line})`
  })
  expect(await audit.witnessedSize(db.sql, running.key)).toBe(size)
  // A well-formed line of the witness that does not verify would spoil the note: it is not handed on, nor a proof put under it.
  expect(await audit.publishedNote(db.sql, newest, [running.key])).toBe(newest.note)
  const proven = await audit.proveInclusion(db.sql, { index: 0 }, { witnesses: [running.key] })
  const head = audit.readNote(proven.proof.slice(proven.proof.indexOf('\n\n') + 2))
  expect(audit.readCheckpointText(head.text).size).toBe(size)
  expect(audit.signersOf(head, [log, running.key])).toEqual([log, running.key])
  expect(await ask()).toEqual({ outcome: 'signed' })
  await db.admin`delete from audit.cosignatures where size > ${size}`
  expect(await ask()).toEqual({ outcome: 'signed' })
  expect(await ask()).toEqual({ outcome: 'current' })
})

test('the age of what waits does not depend on the event still being there', async () => {
  await db.sql.begin((tx) =>
    audit.record(tx, systemCommand('test'), { action: 'players.viewed_in_full', subject: 'gone', reason: 'test' }),
  )
  await db.admin`delete from audit.events where subject = 'gone'`
  await new Promise((resolve) => setTimeout(resolve, 30))
  const seconds = await audit.unsealedSeconds(db.sql)
  expect(seconds).toBeGreaterThan(0.02)
  expect(seconds).toBeLessThan(60)
  await db.admin`delete from audit.unsealed`
})

test('it answers as C2SP tlog-witness says', async () => {
  const newest = (await audit.keptCheckpoint(db.sql))!
  const { size, root } = newest
  const other = generateKeyPairSync('ed25519')
  const forged = (text: string, name = origin) =>
    `${text}\n${audit.signatureLine(audit.noteKey(name, other.publicKey), sign(null, Buffer.from(text), other.privateKey))}\n`
  const text = audit.checkpointText({ origin, size, root })
  const cases: Array<[string, number]> = [
    ['', 400],
    ['old x\n\n', 400],
    [`old ${size + 1}\n\n${newest.note}`, 400],
    [`old 0\n\n${forged(audit.checkpointText({ origin: 'other/log', size, root }), 'other/log')}`, 404],
    [`old ${size}\n\n${forged(text)}`, 403],
    [`old ${size}\n\n${newest.note.replace(/.{9}=*\n$/, 'AAAAAAA=\n')}`, 400],
    [`old 0\n\n${newest.note}`, 409],
    [`old ${size}\n${root.toString('base64')}\n\n${newest.note}`, 422],
    [`old ${size}\n\n${newest.note}`, 200],
    ['x'.repeat(70_000), 413],
  ]
  for (const [body, status] of cases) {
    const answer = await post(body)
    expect(answer.status, body.slice(0, 200)).toBe(status)
    if (status === 409) {
      expect(answer.headers.get('content-type')).toBe('text/x.tlog.size')
      expect(await answer.text()).toBe(`${size}\n`)
    }
  }
  expect((await fetch(`${running.url}/${'0'.repeat(64)}/checkpoint`)).status).toBe(404)
})

test('it signs no tree without leaves, which would say nothing of what comes after [S51]', () => {
  const pair = generateKeyPairSync('ed25519')
  const key = audit.noteKey(origin, pair.publicKey)
  const folder = mkdtempSync(join(tmpdir(), 'cr-witness-'))
  const witness = openWitness({ dir: folder, name: 'witness.example/three', logs: [key] })
  for (const root of [audit.rootOfHashes(Buffer.alloc(0)), Buffer.alloc(32, 7)]) {
    const text = audit.checkpointText({ origin, size: 0, root })
    const note = `${text}\n${audit.signatureLine(key, sign(null, Buffer.from(text), pair.privateKey))}\n`
    expect(witness.add(`old 0\n\n${note}`)).toMatchObject({ status: 400 })
  }
  rmSync(folder, { recursive: true, force: true })
})

test('a witness that was told of a succession signs nothing by the key before it [S51]', async () => {
  const newest = (await audit.keptCheckpoint(db.sql))!
  const next = audit.noteKey(origin, generateKeyPairSync('ed25519').publicKey)
  const elsewhere = mkdtempSync(join(tmpdir(), 'cr-witness-'))
  const told = (since: number) => {
    const folder = mkdtempSync(join(elsewhere, 'w-'))
    const logs = [log, audit.readVkey(audit.vkeyLineOf({ ...next, since }))]
    return openWitness({ dir: folder, name: 'witness.example/two', logs }).add(`old 0\n\n${newest.note}`)
  }
  expect(told(newest.size)).toMatchObject({ status: 403 })
  expect(told(newest.size + 1)).toMatchObject({ status: 200 })
  rmSync(elsewhere, { recursive: true, force: true })
})

/** The agent signs no second tree of a log unless it is told to begin anew. */
async function forged(checkpoint: audit.Checkpoint) {
  const ops = agent.as('ops')
  await ops.beginLog(origin)
  const signed = await audit.signCheckpoint(agent.as('work'), checkpoint)
  await ops.beginLog(origin)
  return signed
}

test('two trees signed by the log itself: the second is refused and kept as evidence [S51]', async () => {
  const { size } = (await audit.keptCheckpoint(db.sql))!
  const fork = await forged({ origin, size: size + 1, root: Buffer.alloc(32, 7) })
  const answer = await post(`old ${size}\n${Buffer.alloc(32, 1).toString('base64')}\n\n${fork.note}`)
  expect(answer.status).toBe(422)
  const older = await forged({ origin, size: 303, root: Buffer.alloc(32, 8) })
  expect((await post(`old 303\n\n${older.note}`)).status).toBe(409)
  const kept = join(dir, createHash('sha256').update(origin).digest('hex'), 'evidence')
  const notes = readdirSync(kept).filter((name) => name.endsWith('.note'))
  expect(notes.map((name) => readFileSync(join(kept, name), 'utf8')).sort()).toEqual([fork.note, older.note].sort())
})

test('a database that was rolled back or rewritten, checkpoints and all, is found by what the witness holds [S51][S52]', async () => {
  const bundle = join(dir, 'bundle.jsonl')
  const held = join(dir, 'held')
  const hash = createHash('sha256').update(origin).digest('hex')
  writeFileSync(held, await (await fetch(`${running.url}/${hash}/checkpoint`)).text())
  const seen = audit.readCheckpoint(readFileSync(held, 'utf8'))
  const stranger = async () => {
    let text = ''
    for await (const piece of audit.bundleLines(
      db.sql,
      (await audit.bundleOf(db.sql, { witnesses: [running.key], keys: agent.keys }))!,
    ))
      text += piece
    writeFileSync(bundle, text)
    const options = ['--key', audit.vkeyOf(log), '--witness', audit.vkeyOf(running.key), '--held', held, '--json']
    const verifier = join(repository, 'ops/verifier/verify-audit-log.mjs')
    return JSON.parse(spawnSync('node', [verifier, 'log', bundle, ...options], { encoding: 'utf8' }).stdout)
  }
  expect(await stranger()).toMatchObject({ proven: true, witnesses: 1, held: 1, entries: seen.size })

  // Back to 303 leaves, as a restored snapshot of the database would be; then the log goes on, honestly signed.
  await db.admin`delete from audit.events where id::text in (select ref from audit.leaves where index >= 303)`
  await db.admin`delete from audit.leaves where index >= 303`
  await db.admin`update audit.tiles set hashes = substring(hashes for 32 * 47) where level = 0 and index = 1`
  await db.admin`delete from audit.checkpoints where size > 303`
  await db.admin`delete from audit.cosignatures`
  expect((await audit.verifyLog(db.sql, { keys: [log] })).ok, 'the database alone does not give it away').toBe(true)
  expect(await ask()).toMatchObject({ outcome: 'refused', said: expect.stringContaining('leaf 303 is missing') })
  expect(await audit.verifyLog(db.sql, { keys: [log], outside: [seen] })).toMatchObject({
    ok: false,
    firstBad: expect.stringContaining('leaf 303 is missing'),
  })
  expect(await stranger()).toMatchObject({ proven: false, firstBad: 303 })
  await grow(20)
  expect(await ask()).toMatchObject({ outcome: 'refused', said: expect.stringContaining('422') })
  expect(await audit.verifyLog(db.sql, { keys: [log], outside: [seen] })).toMatchObject({
    ok: false,
    firstBad: expect.stringMatching(/another tree/),
  })
  expect((await stranger()).proven).toBe(false)

  // The worker says it once, as an event and in its metric.
  const told: string[] = []
  const witnessing = startWitnessing({
    sql: db.work,
    log: { error: (_detail: object, words: string) => told.push(words), warn: () => {} },
    now: () => new Date(),
    config: { audit: { sealMs: 50, witnesses: [{ url: running.url, vkey: audit.vkeyOf(running.key) }] } },
  } as never)
  for (const end = Date.now() + 10_000; told.length === 0 && Date.now() < end; )
    await new Promise((go) => setTimeout(go, 20))
  await new Promise((go) => setTimeout(go, 400))
  await witnessing.stop()
  expect(told).toEqual(['a witness saw another log than this one'])
  const events = await db.sql`select subject from audit.events where code = 'audit.proof_failed'`
  expect(events).toEqual([{ subject: running.key.name }])
  const counted = await register.getSingleMetric('countroom_audit_witness_refusals_total')?.get()
  expect(counted?.values[0]?.value).toBeGreaterThan(0)
})

test('a witness that was told of one key follows to the next by its word, over a restart, and to no second one [S51][S52]', async () => {
  const here = { db: await openTestDatabase(), agent: await startTestKeys() }
  const folder = mkdtempSync(join(tmpdir(), 'cr-witness-'))
  const [old] = await audit.ownKeys(here.agent.keys, origin)
  let own = await startWitness(folder, old!)
  try {
    const asked = () => askWitness({ sql: here.db.work, keys: here.agent.as('work') }, { url: own.url, key: own.key })
    const add = (handover: string) => fetch(`${own.url}/add-handover`, { method: 'POST', body: handover })
    await grow(3, here)
    expect(await asked()).toEqual({ outcome: 'signed' })
    const ops = here.agent.as('ops')
    await ops.activate((await ops.create('sk-audit')).key)
    await grow(3, here)
    expect(await asked()).toEqual({ outcome: 'signed' })
    await ops.destroy('sk-audit-1')
    await own.stop()
    own = await startWitness(folder, old!)
    await grow(2, here)
    expect(await asked()).toEqual({ outcome: 'signed' })
    const [handover = ''] = await audit.handovers(here.agent.keys, origin)
    expect(await (await add(handover)).text()).toBe('known\n')
    expect((await add(handover.replace('\n4\n', '\n5\n'))).status).toBe(403)
    expect((await add(handover.replaceAll(origin, 'countroom/other'))).status).toBe(404)
  } finally {
    await own.stop()
    await here.db.stop()
    await here.agent.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('whoever stole the key before is too late, and what they wrote with it is kept as evidence [S51]', () => {
  const stolen = generateKeyPairSync('ed25519')
  const folder = mkdtempSync(join(tmpdir(), 'cr-witness-'))
  const liar = audit.noteKey(origin, stolen.publicKey)
  const word = (to: audit.NoteKey, since: number) => {
    const spki = to.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    const text = `countroom-log-handover-1\n${origin}\n${since}\n${spki}\n`
    return `${text}\n${audit.signatureLine(liar, sign(null, Buffer.from(text), stolen.privateKey))}\n`
  }
  const witness = openWitness({ dir: folder, name: 'witness.example/four', logs: [liar] })
  const [one, two] = [1, 2].map(() => audit.noteKey(origin, generateKeyPairSync('ed25519').publicKey))
  const text = audit.checkpointText({ origin, size: 9, root: Buffer.alloc(32, 7) })
  const note = `${text}\n${audit.signatureLine(liar, sign(null, Buffer.from(text), stolen.privateKey))}\n`
  expect(witness.add(`old 0\n\n${note}`)).toMatchObject({ status: 200 })
  expect(witness.addHandover(word(one!, 9))).toMatchObject({ status: 409 }) // it signed that tree itself
  expect(witness.addHandover(word(one!, 10))).toMatchObject({ status: 200 })
  expect(witness.addHandover(word(two!, 11))).toMatchObject({ status: 409 })
  const padded = word(one!, 10).replace('\n\n', `\n\n${audit.signatureLine(two!, Buffer.alloc(64))}\n`)
  for (const note of ['what is this?', padded]) expect(witness.addHandover(note)).toMatchObject({ status: 400 })
  const evidence = join(folder, createHash('sha256').update(origin).digest('hex'), 'evidence')
  const kept = readdirSync(evidence).filter((name) => name.endsWith('.note'))
  expect(kept.map((name) => readFileSync(join(evidence, name), 'utf8')).sort()).toEqual(
    [word(one!, 9), word(two!, 11)].sort(),
  )
  rmSync(folder, { recursive: true, force: true })
})

async function grow(count: number, on = { db, agent }): Promise<void> {
  await on.db.sql.begin(async (tx) => {
    for (let n = 0; n < count; n++)
      await audit.record(tx, systemCommand('test'), { action: 'players.viewed_in_full', subject: 'x', reason: 'test' })
  })
  const signer = { ...systemCommand('test'), keys: on.agent.as('work') }
  await on.db.work.begin((tx) => audit.seal(tx, signer, { origin, batches: [], eventsMax: 1000 }))
}

function ask() {
  return askWitness({ sql: db.work, keys: agent.as('work') }, { url: running.url, key: running.key })
}

function post(body: string): Promise<Response> {
  return fetch(`${running.url}/add-checkpoint`, { method: 'POST', body })
}
