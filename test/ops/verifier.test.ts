import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { canonical } from '#base'
import { startTestKeys } from '../support/keys.ts'

/*
 * The verifier is for somebody who does not believe the log's owner, so the owner here lies: the key signs whatever tree the
 * test makes, and nothing of the product but the formats has a hand in it.
 */
const origin = 'countroom/liar'
const verifier = join(import.meta.dirname, '../../ops/verifier/verify-audit-log.mjs')
const dir = mkdtempSync(join(tmpdir(), 'cr-verifier-'))
const pair = generateKeyPairSync('ed25519')
const key = audit.noteKey(origin, pair.publicKey)
type Pair = typeof pair
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('an entry longer than any entry of the log can be is refused, whatever its first bytes are [S51]', () => {
  const long = 'x'.repeat(70_000)
  for (const said of ['', '"approved"}', '"refused and never paid"}'])
    expect(
      verify('log', bundle([event(0), `${long}${said}`, event(2)], { signed: [event(0), long, event(2)] })),
    ).toMatchObject({ status: 1, proven: false, firstBad: 1, reason: expect.stringContaining('70') })
  const longest = 'x'.repeat(65_535)
  expect(verify('log', bundle([event(0), longest]))).toMatchObject({ status: 0, proven: true })
})

test('a checkpoint of the empty tree, in the bundle or held, does not keep the others from being compared [S51][S52]', () => {
  const signed = [event(0), event(1), event(2)]
  const tampered = [event(0), event(9), event(2)]
  const [held, empty] = [join(dir, 'held'), checkpoint([])]
  const forged = { tiles: tampered, note: checkpoint(signed) }
  expect(verify('log', bundle(tampered, forged))).toMatchObject({ status: 1, proven: false, firstBad: 0 })
  expect(verify('log', bundle(tampered, { ...forged, before: [empty] }))).toMatchObject({ status: 1, firstBad: 0 })
  writeFileSync(held, empty)
  expect(verify('log', bundle(tampered, forged), '--held', held)).toMatchObject({ status: 1, firstBad: 0 })
  const sound = bundle(signed, { before: [empty, checkpoint(signed.slice(0, 1))] })
  expect(verify('log', sound, '--held', held)).toMatchObject({ status: 0, checkpoints: 3, held: 1 })

  const invented = signedNote(audit.checkpointText({ origin, size: 0, root: Buffer.alloc(32, 7) }))
  const refused = { status: 1, reason: expect.stringContaining('at 0 is not of the empty tree') }
  expect(verify('log', bundle(signed, { before: [invented] }))).toMatchObject(refused)
  writeFileSync(held, invented)
  expect(verify('log', bundle(signed), '--held', held)).toMatchObject(refused)
  const larger = checkpoint([...signed, event(3)])
  expect(verify('log', bundle(signed, { before: [larger] }))).toMatchObject({
    status: 1,
    reason: expect.stringContaining('of more entries than there are'),
  })
})

test('a held checkpoint is compared, or the command is refused: a bet of a forked log does not pass beside it [S51]', () => {
  const entries = [event(0), event(1), event(2)]
  const proof = JSON.stringify({ entry: entries[0], proof: inclusion(entries, 0) })
  const held = (content: string) => {
    writeFileSync(join(dir, 'held'), content)
    return ['--held', join(dir, 'held')]
  }
  expect(verify('entry', proof)).toMatchObject({ status: 0, held: 'not compared' })
  expect(verify('entry', proof, ...held(checkpoint(entries)))).toMatchObject({ status: 0, held: 'compared' })
  const fork = [event(0), event(1), event(9)]
  expect(verify('entry', proof, ...held(checkpoint(fork)))).toMatchObject({ status: 1, firstBad: 0 })
  for (const other of [fork.slice(0, 2), [...fork, event(10)]])
    for (const [what, given] of [
      ['entry', proof],
      ['bet', betProof()],
    ] as const)
      expect(verify(what, given, ...held(checkpoint(other)))).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringContaining('compared by a consistency path'),
      })
  const foreign = audit.noteKey('countroom/other', pair.publicKey)
  const elsewhere = [...held(checkpoint(entries, foreign.name)), '--witness', audit.vkeyOf(foreign)]
  expect(verify('entry', proof, ...elsewhere, '--witnesses-min', '0')).toMatchObject({ status: 2, stdout: '' })
})

test('a bet or entry is tied to a held checkpoint of another size, older or newer, by a consistency path [S51][S52]', () => {
  const entries = Array.from({ length: 9 }, (_, n) => event(n))
  const fork = [...entries.slice(0, 3), event(90), ...entries.slice(4)]
  const [held, apart] = [join(dir, 'held'), join(dir, 'consistency.json')]
  const tied = (of: readonly string[], consistency?: object) =>
    JSON.stringify({ entry: of[0], proof: inclusion(of, 0), ...(consistency && { consistency }) })
  for (const size of [1, 2, 3, 4, 7, 8])
    for (const [proven, kept] of [
      [9, size],
      [size, 9],
    ] as const) {
      const of = entries.slice(0, proven)
      const way = consistency(entries, size, 9)
      writeFileSync(held, checkpoint(entries.slice(0, kept)))
      writeFileSync(apart, JSON.stringify({ ...way, checkpoint: checkpoint(entries) }))
      expect(verify('entry', tied(of, way), '--held', held), `${proven} ${kept}`).toMatchObject({
        status: 0,
        held: 'compared',
      })
      expect(verify('entry', tied(of), '--held', held, '--consistency', apart)).toMatchObject({ status: 0 })
      if (kept < 4) continue
      writeFileSync(held, checkpoint(fork.slice(0, kept)))
      expect(verify('entry', tied(of, way), '--held', held)).toMatchObject({ status: 1, firstBad: 0 })
      const longer = { ...way, path: [...way.path, way.path[0]] }
      expect(verify('entry', tied(of, longer), '--held', held)).toMatchObject({ status: 1 })
    }
  writeFileSync(held, checkpoint(entries.slice(0, 3)))
  const way = consistency(entries, 3, 9)
  for (const useless of [
    { ...way, from: '2' },
    { ...way, path: ['AAAA'] },
    { ...way, path: 'x' },
    { from: 3, to: 9 },
  ])
    expect(verify('entry', tied(entries, useless), '--held', held)).toMatchObject({ status: 2, stdout: '' })
  writeFileSync(held, checkpoint([]))
  const empty = { from: '0', to: '9', path: [] }
  expect(verify('entry', tied(entries, empty), '--held', held)).toMatchObject({ status: 0, held: 'compared' })
})

test('a key that was succeeded counts for no larger tree, whoever has it now, and the next one for none before [S51]', () => {
  const entries = Array.from({ length: 6 }, (_, n) => event(n))
  const young = generateKeyPairSync('ed25519')
  const keys = join(dir, 'keys')
  const since = (size: number) =>
    writeFileSync(keys, `${audit.vkeyOf(key)}\n${audit.vkeyOf(audit.noteKey(origin, young.publicKey))} since ${size}\n`)
  const verdicts = (by: typeof pair) => {
    const note = checkpoint(entries, origin, by)
    const proof = inclusion(entries, 0).replace(checkpoint(entries), note)
    return [
      verify('log', bundle(entries, { note }), '--key', keys),
      verify('entry', JSON.stringify({ entry: entries[0], proof }), '--key', keys),
    ]
  }
  const refused = { status: 1, reason: expect.stringContaining('does not count at this size') }
  since(7)
  for (const verdict of verdicts(pair)) expect(verdict).toMatchObject({ status: 0, proven: true })
  for (const verdict of verdicts(young)) expect(verdict).toMatchObject(refused)
  since(6)
  for (const verdict of verdicts(pair)) expect(verdict).toMatchObject(refused)
  for (const verdict of verdicts(young)) expect(verdict).toMatchObject({ status: 0, proven: true })
})

test('who has an older key follows to the newest by the word of each key before, and by no other [S51]', () => {
  const entries = Array.from({ length: 6 }, (_, n) => event(n))
  const [second, third, thief] = [1, 2, 3].map(() => generateKeyPairSync('ed25519')) as [Pair, Pair, Pair]
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const word = (by: Pair, to: { publicKey: KeyObject }, since: number, name = origin) =>
    signedNote(
      `countroom-log-handover-1\n${name}\n${since}\n${to.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')}\n`,
      name,
      by,
    )
  const note = checkpoint(entries, origin, third)
  const log = (handovers: string[], ...options: string[]) =>
    verify('log', bundle(entries, { note, handovers }), ...options)
  const way = [word(pair, second, 3), word(second, third, 5)]
  expect(log(way)).toMatchObject({ status: 0, proven: true })
  expect(log([])).toMatchObject({ status: 1, reason: expect.stringContaining('is not signed by the log') })
  expect(log(way, '--key', `${audit.vkeyOf(audit.noteKey(origin, second.publicKey))} since 3`)).toMatchObject({
    status: 0,
  })

  // One bet or entry: from a file.
  const file = join(dir, 'handovers')
  const proof = JSON.stringify({ entry: entries[0], proof: inclusion(entries, 0).replace(checkpoint(entries), note) })
  writeFileSync(file, way.join(''))
  expect(verify('entry', proof)).toMatchObject({ status: 1 })
  expect(verify('entry', proof, '--handover', file)).toMatchObject({ status: 0, proven: true })
  writeFileSync(join(dir, 'held'), checkpoint(entries.slice(0, 5), origin, third))
  expect(log(way, '--held', join(dir, 'held'))).toMatchObject({ status: 0, held: 1 })

  const notProven = { status: 1, proven: false }
  const known = `${audit.vkeyOf(audit.noteKey(origin, thief.publicKey))} since 3`
  for (const [what, handovers, ...options] of [
    ['out of order: the word of a key that is not known', way.toReversed()],
    ['a key that was succeeded before this size', [word(pair, second, 3), word(second, third, 7)]],
    ['somebody else’s word', [word(thief, third, 3)]],
    ['somebody else’s word under the name of a key', [forgedLine(word(thief, third, 3))]],
    ['another log’s', [word(pair, third, 3, 'countroom/other')]],
    ['to two', [...way, word(pair, thief, 4)]],
    ['back', [...way, word(third, second, 6)]],
    ['backwards', [word(pair, second, 3), word(second, third, 3)]],
    ['otherwise than is known', way, '--key', known],
  ] as Array<[string, string[], ...string[]]>)
    expect(log(handovers, ...options), what).toMatchObject(notProven)
  for (const broken of [
    'x',
    way[0]!.replace('\n3\n', '\n03\n'),
    word(pair, p384(), 3),
    way[0]!.replace('\n3\n', '\n3\nx\n'),
  ])
    expect(log([broken]), broken).toMatchObject({ status: expect.toSatisfy((status) => status === 1 || status === 2) })
  // The key after P-256 is named and found as well.
  const curved = checkpoint(entries, origin, pair)
  expect(verify('log', bundle(entries, { note: curved, handovers: [word(pair, p256, 7)] }))).toMatchObject({
    status: 0,
  })
  expect(verify('log', bundle(entries, { note: curved, handovers: [word(pair, p256, 6)] }))).toMatchObject(notProven)

  function forgedLine(given: string): string {
    const { id } = key
    const [line = ''] = /[^ ]+\n$/.exec(given) ?? []
    const bytes = Buffer.concat([Buffer.from(id, 'hex'), Buffer.from(line, 'base64').subarray(4)])
    return given.replace(line, `${bytes.toString('base64')}\n`)
  }

  function p384() {
    return generateKeyPairSync('ec', { namedCurve: 'P-384' })
  }
})

test('a log that a token without Ed25519 signs, in P-256, is proven like any other, and no less [S51]', async () => {
  const agent = await startTestKeys({ module: 'nss' })
  try {
    const entries = [event(0), event(1), event(2)]
    const root = audit.rootOfHashes(audit.leafHashes(entries))
    const { note, key } = await audit.signCheckpoint(agent.as('work'), { origin, size: entries.length, root })
    expect(key.kind).toBe(2)
    const own = ['--key', audit.vkeyOf(key)]
    const proof = inclusion(entries, 1).replace(checkpoint(entries), note)
    const shown = (entry: string) => JSON.stringify({ entry, proof })
    expect(verify('log', bundle(entries, { note }), ...own)).toMatchObject({ status: 0, proven: true })
    expect(verify('entry', shown(entries[1]!), ...own)).toMatchObject({ status: 0, proven: true })
    expect(verify('log', bundle(entries, { note }))).toMatchObject({ status: 1 }) // under the other key alone
    const changed = [event(0), event(9), event(2)]
    expect(verify('log', bundle(changed, { signed: entries, note }), ...own)).toMatchObject({ status: 1, firstBad: 1 })
    expect(verify('log', bundle(changed, { note }), ...own)).toMatchObject({ status: 1, firstBad: 0 })
    expect(verify('entry', shown(changed[1]!), ...own)).toMatchObject({ status: 1, firstBad: 1 })
    const claimed = note.replace(
      root.toString('base64'),
      audit.rootOfHashes(audit.leafHashes(changed)).toString('base64'),
    )
    expect(verify('log', bundle(changed, { note: claimed }), ...own)).toMatchObject({
      status: 1,
      reason: expect.stringContaining('does not verify'),
    })
  } finally {
    await agent.stop()
  }
})

const day = 86_400
const archiving = (n: number, upTo: number, before = event(n - 366 * day, {})) =>
  event(n, { code: 'audit.archived', detail: { upTo: `${upTo}`, before: JSON.parse(before).at } })
const batchAt = (n: number) =>
  canonical({ kind: 'batch', lane: 1, batch: '1', at: JSON.parse(event(n)).at, digest: '', rows: 0, root: '' })

test('only the oldest events may be archived, by the word of an event that is there [S51][S55]', () => {
  const old = -500 * day
  const signed = [event(old), batchAt(old), event(old + 1), event(0), archiving(1, 3), event(2)]
  const hide = (of: readonly string[], ...indexes: number[]) =>
    bundle(
      of.map((entry, index) => (indexes.includes(index) ? archived(entry) : entry)),
      { signed: of },
    )
  expect(verify('log', hide(signed, 0, 2))).toMatchObject({
    status: 0,
    archived: 2,
    archivedFrom: 0,
    archivedTo: 2,
    archivedBy: 4,
    firstEvent: `3 of ${JSON.parse(event(0)).at}`,
  })
  const refused: Array<[string, string, number]> = [
    ['the newest, which incriminates', hide(signed, 5), 5],
    ['one after an event that is there', hide(signed, 0, 2, 5), 5],
    ['one above what was archived', hide(signed, 0, 2, 3), 3],
    ['without a word', hide([event(old), event(0), event(1)], 0), 0],
    ['the word itself', hide([event(old), archiving(1, 1)], 0, 1), 0],
    ['a word from before', hide([event(old), archiving(1, 1), archiving(2, 9), event(3)], 0, 1, 2), 0],
    ['younger than twelve months', hide([event(old), event(0), archiving(1, 1, event(-300 * day))], 0), 0],
    ['younger than the word says', hide([event(old), batchAt(-100 * day), event(-99 * day), archiving(1, 3)], 0, 2), 1],
  ]
  for (const [what, given, firstBad] of refused)
    expect(verify('log', given), what).toMatchObject({ status: 1, proven: false, firstBad })
})

test('what was lost before it was sealed is named, and fails unless it is known [S51]', () => {
  const lost = canonical({ event: '01890a5d-ac96-774b-bcce-b302099a8057', kind: 'lost' })
  const given = bundle([event(0), lost, event(2), lost])
  expect(verify('log', given)).toMatchObject({ status: 1, firstBad: 1, reason: expect.stringContaining('1, 3') })
  expect(verify('log', given, '--lost-known', '1')).toMatchObject({ status: 1, firstBad: 3 })
  expect(verify('log', given, '--lost-known', '2')).toMatchObject({ status: 0, lost: 2, lostAt: '1, 3' })
})

test('an event that has the fields of a batch beside its own is no batch, and proves no bet [S51][S52]', () => {
  const bet = JSON.parse(betProof('plr_never_played|win 1000000'))
  const batch = JSON.parse(bet.entry)
  expect(verify('bet', JSON.stringify(bet))).toMatchObject({ status: 0, proven: true })
  const { kind: _kind, ...plain } = batch
  for (const forged of [
    { ...JSON.parse(event(1)), ...plain },
    { ...JSON.parse(event(1)), ...batch },
    { ...batch, kind: 'event' },
    { ...batch, more: 1 },
    plain,
  ]) {
    const entry = canonical(forged)
    const given = { ...bet, entry, proof: inclusion([event(0), entry, event(2)], 1) }
    expect(verify('bet', JSON.stringify(given)), entry).toMatchObject({
      status: 1,
      proven: false,
      reason: expect.stringContaining('no batch of the ledger'),
    })
  }
})

test('a proof is what it says: no text that is hashed as another, nothing that repaints the terminal [S50][S51]', () => {
  const bet = JSON.parse(betProof())
  expect(verify('bet', JSON.stringify(bet))).toMatchObject({ status: 0, row: bet.row, key: null })
  const bytes = (text: string) => ({ ...Buffer.from(text).toJSON().data, length: Buffer.byteLength(text), lie: 'won' })
  for (const spoilt of [
    { ...bet, row: bytes(bet.row) },
    { ...bet, row: [...Buffer.from(bet.row)] },
    { ...bet, entry: bytes(bet.entry) },
    { ...bet, key: undefined },
    { ...bet, rows: null },
    { ...bet, rows: { ...bet.rows, path: [null] } },
    { ...bet, proof: 7 },
  ])
    expect(verify('bet', JSON.stringify(spoilt))).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/what it should be/),
    })
  for (const text of ['null', '[]', '"x"', '{}']) {
    expect(verify('bet', text)).toMatchObject({ status: 2, stderr: expect.not.stringContaining('properties') })
    expect(verify('entry', text)).toMatchObject({ status: 2, stderr: expect.stringContaining('what it should be') })
    expect(verify('log', `${text}\n`)).toMatchObject({ status: 2, stderr: expect.not.stringContaining('properties') })
  }
  const half = [event(0).replace('test', '\ud800')]
  expect(verify('entry', JSON.stringify({ entry: half[0], proof: inclusion(half, 0) })).status).toBe(2)

  const painted = betProof('\x1b[2J\x9b2Kwon\u202e')
  const report = spawnSync('node', [verifier, 'bet', given(painted), '--key', audit.vkeyOf(key)], { encoding: 'utf8' })
  expect(report).toMatchObject({ status: 0, stdout: expect.stringContaining('\\u001b[2J\\u009b2Kwon\\u202e') })
  expect(report.stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  expect(verify('bet', painted).stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
})

function event(n: number, more: Record<string, unknown> = {}): string {
  const at = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()
  return canonical({ version: 1, id: `event-${n}`, at, code: 'test', actor: { kind: 'system', id: 'test' }, ...more })
}

/** A checkpoint over entries, signed by the log. */
function checkpoint(entries: readonly string[], name = origin, by = pair): string {
  const root = audit.rootOfHashes(audit.leafHashes(entries))
  return signedNote(audit.checkpointText({ origin: name, size: entries.length, root }), name, by)
}

function signedNote(text: string, name = origin, by = pair): string {
  const line = audit.signatureLine(audit.noteKey(name, by.publicKey), sign(null, Buffer.from(text), by.privateKey))
  return `${text}\n${line}\n`
}

/** A bundle that shows `lines`, over a tree of the entries that were signed; or over one of what was put in their place. */
function bundle(
  lines: readonly string[],
  {
    signed = lines,
    note = checkpoint(signed),
    tiles = signed,
    before = [],
    handovers = [],
  }: {
    signed?: readonly string[]
    note?: string
    tiles?: readonly string[]
    before?: readonly string[]
    handovers?: readonly string[]
  } = {},
): string {
  const head = [
    { bundle: 'countroom-audit-bundle-1', origin, size: signed.length },
    ...handovers.map((handover) => ({ handover })),
    ...[...before, note].map((each) => ({ checkpoint: each })),
    { entries: signed.length },
    { tile: audit.leafHashes(tiles).toString('base64') },
  ]
  return `${[...head.map((line) => JSON.stringify(line)), ...lines].join('\n')}\n`
}

function archived(entry: string): string {
  return JSON.stringify({ archived: audit.leafHash(Buffer.from(entry)).toString('base64') })
}

/** A tlog-proof of one of the entries. */
function inclusion(entries: readonly string[], index: number): string {
  const path = audit.inclusionPathIn(audit.leafHashes(entries), index).map((hash) => `${hash.toString('base64')}\n`)
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${path.join('')}\n${checkpoint(entries)}`
}

/** How the tree of a size begins with an older one, as the operator's face answers it. */
function consistency(entries: readonly string[], from: number, to: number) {
  const hashes = audit.leafHashes(entries)
  const path = audit
    .consistencyRanges(from, to)
    .map((range) => audit.rootOfHashes(hashes.subarray(range.from * 32, range.to * 32)).toString('base64'))
  return { from: `${from}`, to: `${to}`, path }
}

/** The proof of a bet whose row says something, second of two rows, in the second of three entries. */
function betProof(said = ''): string {
  const row = `key ${'0'.repeat(64)}\nposting ${said}`
  const hashes = audit.leafHashes(['another', row])
  const root = audit.rootOfHashes(hashes).toString('hex')
  const entry = canonical({
    kind: 'batch',
    lane: 1,
    batch: '1',
    at: JSON.parse(event(1)).at,
    digest: '',
    rows: 2,
    root,
  })
  const path = audit.inclusionPathIn(hashes, 1).map((hash) => hash.toString('base64'))
  const proof = inclusion([event(0), entry, event(2)], 1)
  return JSON.stringify({
    format: 'countroom-bet-proof-1',
    row,
    key: null,
    rows: { index: 1, size: 2, path },
    entry,
    proof,
  })
}

type Verdict = { status: number | null; stdout: string; stderr: string } & Record<string, unknown>

function verify(what: 'log' | 'bet' | 'entry', content: string, ...options: string[]): Verdict {
  const args = [verifier, what, given(content), '--key', audit.vkeyOf(key), '--json', ...options]
  const { status, stdout, stderr } = spawnSync('node', args, { encoding: 'utf8' })
  return { ...(stdout.startsWith('{') ? JSON.parse(stdout) : {}), status, stdout, stderr }
}

function given(content: string): string {
  writeFileSync(join(dir, 'given'), content)
  return join(dir, 'given')
}
