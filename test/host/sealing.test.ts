import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import type { Tx } from '#base'
import * as ledger from '#ledger'
import { type BetProof, proveBet } from '../../core/host/bet-proof.ts'
import { type BooksProof, verifySealedBooks } from '../../core/host/sealed-books.ts'
import { sealOnce } from '../../core/host/sealer.ts'
import { type House, openHouse } from '../support/house.ts'
import { openWorld, type World } from '../support/world.ts'

let world: World
let house: House
let key: string
/** A folder elsewhere with the verifier alone in it, as on a stranger's machine. */
let away: string
let seal: () => Promise<void>
const rounds: Array<{ player: string; session: string; wallet: bigint; transfer: bigint }> = []

beforeAll(async () => {
  world = await openWorld()
  away = mkdtempSync(join(tmpdir(), 'cr-away-'))
  cpSync(join(import.meta.dirname, '../../ops/verifier/verify-audit-log.mjs'), join(away, 'verify.mjs'))
  house = await openHouse(world)
  const worker = world.agent.as('work')
  seal = async () => {
    const config = { audit: { origin: 'countroom/test', sealMs: 1000, witnesses: [] } }
    while (await sealOnce({ sql: world.work, keys: worker, now: () => new Date(), config } as never));
  }
  const seats = await Promise.all(Array.from({ length: 4 }, sitDown))
  for (let k = 0; k < 10; k++) {
    const game = k % 2 ? 'roulette-european' : 'midnight-orchard'
    const choice = k % 2 ? { bets: [{ on: 'red', amount: '1.00' }] } : { stake: '1.00' }
    const played = await Promise.all(
      seats.map((session) => house.play.play({ session, game, key: `k${session.wallet}-${k}`, choice })),
    )
    for (const [n, { round }] of played.entries())
      rounds.push({ ...seats[n]!, session: seats[n]!.id, transfer: BigInt(round.round.slice(4)) })
    if (k % 3 === 0) await seal()
  }
  await world.act((tx) =>
    ledger.reverse(tx, world.command(), { wallet: rounds[0]!.wallet, key: 'never', kind: 'x', shortfall: 'house' }),
  )
  await seal()
  const [logKey] = await audit.ownKeys(world.agent.keys, 'countroom/test')
  key = audit.vkeyOf(logKey!)
})
afterAll(async () => {
  await house.close()
  await world.stop()
  rmSync(away, { recursive: true, force: true })
})

test('every batch of the ledger is one leaf, tombstones too, and holds what the books and rounds hold [S51]', async () => {
  const [row] = await world.sql`
    select (select count(*) from ledger.batches)::int as batches, (select count(*) from audit.leaves where kind = 'batch')::int as leaves`
  expect(row?.leaves).toBe(row?.batches)
  expect(await verifySealedBooks(world.sql)).toEqual({ ok: true, batches: row?.batches, archived: 0 })
})

const whose = () => `wallet = ${rounds[13]!.wallet} and transfer = ${rounds[13]!.transfer}`
const faults: Array<[string, () => string, RegExp]> = [
  [
    'a round’s draws',
    () => `update games.rounds set draws = '[]' where ${whose()}`,
    /transfer \d+ in batch 1\/\d+ is not/,
  ],
  ['a round’s win', () => `update games.rounds set win = win + 100 where ${whose()}`, /transfer \d+ .* is not/],
  ['a round removed', () => `delete from games.rounds where ${whose()}`, /transfer \d+ .* is not/],
  ['a posting', () => `update ledger.postings set amount = amount + 1 where ${whose()}`, /transfer \d+ .* is not/],
  ['a key', () => `update ledger.transfers set key = key || 'x' where ${whose()}`, /the key of transfer/],
  [
    'whose the wallet is',
    () => `update ledger.wallets set player = 'plr_x' where wallet = ${rounds[13]!.wallet}`,
    /the key of transfer/,
  ],
  ['a transfer removed', () => `delete from ledger.postings where ${whose()}`, /transfer \d+ .* is not|is missing/],
  [
    'a digest',
    () => 'update ledger.batches set digest = sha256(digest) where lane = 1 and batch = 3',
    /batch 1\/3 is not/,
  ],
  [
    'a batch removed',
    () => 'delete from ledger.batches where lane = 1 and batch = 3',
    /batch 1\/3 of the ledger is missing/,
  ],
]
const itsBatch = () => `(select batch from ledger.postings where ${whose()} limit 1)`
faults.push(
  [
    'a batch called lost and forgotten, its rounds rewritten',
    () => `update audit.leaves set kind = 'lost' where ref = '1/' || ${itsBatch()}; delete from audit.batches where lane = 1 and batch = ${itsBatch()};
      update games.rounds set draws = '[]' where ${whose()}`,
    /lane 1: some of its batches were left out/,
  ],
  [
    'all batches called lost and forgotten',
    () => `update audit.leaves set kind = 'lost' where kind = 'batch'; truncate audit.batches`,
    /lane -?\d+: some of its batches were left out/,
  ],
  [
    'a batch called lost',
    () => `update audit.leaves set kind = 'lost' where ref = '1/3'`,
    /batch 1\/3 stands there as something else/,
  ],
  [
    'a lane said to be sealed further than it is',
    () => 'update audit.lanes set batch = batch + 1 where lane = 1',
    /lane 1: some of its batches were left out/,
  ],
)
test.each(faults)('as superuser: %s, however well the rest is made to agree [S51]', async (_what, change, words) => {
  let found: BooksProof | undefined
  const undo = new Error('undo')
  await world.admin
    .begin(async (tx) => {
      await tx.unsafe(change())
      found = await verifySealedBooks(tx)
      throw undo
    })
    .catch((error) => expect(error).toBe(undo))
  expect(found?.ok).toBe(false)
  expect(found?.firstBad).toMatch(words)
})

test('a single bet is proven to a stranger who has a public key, and tells nothing of anybody else [S51]', async () => {
  for (const which of [rounds[0]!, rounds[17]!, rounds[39]!]) {
    const proof = await proveBet(world.sql, which)
    const others = rounds.filter(({ wallet }) => wallet !== which.wallet)
    expect(proof.rows.size).toBeGreaterThan(1)
    for (const { player, session } of others) {
      expect(JSON.stringify(proof)).not.toContain(player)
      expect(JSON.stringify(proof)).not.toContain(session)
    }
    const verdict = stranger('bet', 'bet.json', JSON.stringify(proof))
    expect(verdict).toMatchObject({ status: 0, proven: true, row: proof.row })
    expect(verdict.key).toContain('|round:k')
    expect(verdict.row).toMatch(/\nround ses_.*\nchoice .*\ndraws .*\noutcome /)
  }
})

test('a proof of a bet is tied to a checkpoint that its reader kept before, and refused beside one of another log [S51][S52]', async () => {
  const [old] = await world.sql<
    Array<{ size: bigint; note: string }>
  >`select size, note from audit.checkpoints order by size limit 1`
  const proof = await proveBet(world.sql, rounds[39]!, { held: Number(old!.size) })
  const { path, ...sizes } = proof.consistency!
  expect(sizes).toEqual({ from: `${old!.size}`, to: `${(await audit.keptCheckpoint(world.sql))!.size}` })
  writeFileSync(join(away, 'held'), old!.note)
  const more = ['--held', 'held']
  expect(stranger('bet', 'bet.json', JSON.stringify(proof), { more })).toMatchObject({ status: 0, held: 'compared' })
  const forged = { ...proof, consistency: { ...sizes, path: [...path].reverse() } }
  expect(stranger('bet', 'bet.json', JSON.stringify(forged), { more })).toMatchObject({ status: 1, proven: false })
  const { consistency: _, ...untied } = proof
  expect(stranger('bet', 'bet.json', JSON.stringify(untied), { more }).status).toBe(2)
  await expect(proveBet(world.sql, rounds[39]!, { held: 10 ** 9 })).rejects.toMatchObject({
    code: 'audit.size_unknown',
  })
})

test('a proof of a bet that was changed anywhere is refused [S51]', async () => {
  const proof = await proveBet(world.sql, rounds[17]!)
  const flipped = (text: string) => text.replace(/[A-Za-z]/, (letter) => (letter === 'A' ? 'B' : 'A'))
  const spoilt: Array<[string, (proof: BetProof) => BetProof]> = [
    ['row', (p) => ({ ...p, row: p.row.replace('|cash|', '|bonus|') })],
    ['key', (p) => ({ ...p, key: p.key!.replace('EUR', 'USD') })],
    ['place', (p) => ({ ...p, rows: { ...p.rows, index: p.rows.index + 1 } })],
    ['size', (p) => ({ ...p, rows: { ...p.rows, size: p.rows.size + 1 } })],
    ['entry', (p) => ({ ...p, entry: p.entry.replace('"batch":"', '"batch":"1') })],
    ['path', (p) => ({ ...p, proof: p.proof.replace(/\n([^\n]{43}=)\n/, (_, hash) => `\n${flipped(hash)}\n`) })],
    ['cut path', (p) => ({ ...p, proof: p.proof.replace(/\n[^\n]{43}=\n/, '\n') })],
    ['index', (p) => ({ ...p, proof: p.proof.replace(/index (\d+)/, (_, n) => `index ${Number(n) + 1}`) })],
    [
      'checkpoint',
      (p) => ({
        ...p,
        proof: p.proof.replace(/\n\ncountroom\/test\n(\d+)/, (_, n) => `\n\ncountroom/test\n${Number(n) + 1}`),
      }),
    ],
  ]
  for (const [what, spoil] of spoilt)
    expect(stranger('bet', 'bad.json', JSON.stringify(spoil(proof))), what).toMatchObject({ status: 1, proven: false })
  const foreign = await world.agent.keys.publicKey('sk-manifest')
  const another = audit.vkeyOf(audit.noteKey('countroom/test', foreign))
  expect(stranger('bet', 'good.json', JSON.stringify(proof), { by: another })).toMatchObject({
    status: 1,
    proven: false,
  })
  expect(stranger('bet', 'none.json', '{}').status).toBe(2)
})

test('a bet that is not sealed yet, of somebody else or of nobody is not proven', async () => {
  const unknown = proveBet(world.sql, { wallet: rounds[0]!.wallet, transfer: rounds[39]!.transfer })
  await expect(unknown).rejects.toMatchObject({ code: 'audit.row_unknown' })
  const { transfer } = await world.act((tx) =>
    ledger.hold(tx, world.command(), { wallet: rounds[0]!.wallet, hold: 'h', amount: 5n, kind: 'x' }),
  )
  const which = { wallet: rounds[0]!.wallet, transfer }
  await expect(proveBet(world.sql, which)).rejects.toMatchObject({ code: 'audit.not_sealed' })
  await seal()
  expect((await proveBet(world.sql, which)).row).toContain('|cash|held|5|')
})

test('a bet stays provable when its key is forgotten; one that was changed is refused', async () => {
  const which = rounds[21]!
  const change = async (statement: string, look: (tx: Tx) => Promise<unknown>) => {
    const undo = new Error('undo')
    await world.admin
      .begin(async (tx) => {
        await tx.unsafe(statement)
        await look(tx)
        throw undo
      })
      .catch((error) => expect(error).toBe(undo))
  }
  await change(`delete from ledger.transfers where transfer = ${which.transfer}`, async (tx) => {
    const proof = await proveBet(tx, which)
    expect(proof.key).toBeNull()
    expect(stranger('bet', 'keyless.json', JSON.stringify(proof))).toMatchObject({ status: 0, proven: true })
    expect((await verifySealedBooks(tx)).ok).toBe(true)
  })
  await change(`update games.rounds set win = win + 1 where transfer = ${which.transfer}`, (tx) =>
    expect(proveBet(tx, which)).rejects.toMatchObject({ code: 'audit.row_changed' }),
  )
})

test('the whole log is proven to a stranger from a file; the first bad index is named [S51][S54]', async () => {
  const whole = await bundle()
  const size = (await audit.keptCheckpoint(world.sql))!.size
  expect(stranger('log', 'log.jsonl', whole)).toMatchObject({ status: 0, proven: true, entries: size, archived: 0 })

  const lines = whole.trimEnd().split('\n')
  const first = lines.findIndex((line) => line.startsWith('{"tile"')) + 1
  const at = (index: number) => first + index // all of it is in one tile here
  const withLines = (change: (all: string[]) => void) => {
    const all = [...lines]
    change(all)
    return `${all.join('\n')}\n`
  }
  const edited = withLines((all) => (all[at(12)] = all[at(12)]!.replace('"at":"2', '"at":"1')))
  expect(stranger('log', 'log.jsonl', edited)).toMatchObject({ status: 1, firstBad: 12 })
  const swapped = withLines((all) => ([all[at(14)], all[at(15)]] = [all[at(15)]!, all[at(14)]!]))
  expect(stranger('log', 'log.jsonl', swapped)).toMatchObject({ status: 1, firstBad: 14 })
  expect(
    stranger(
      'log',
      'log.jsonl',
      withLines((all) => all.splice(at(8), 1)),
    ),
  ).toMatchObject({ status: 1, firstBad: 8 })
  expect(
    stranger(
      'log',
      'log.jsonl',
      withLines((all) => all.splice(at(8), 0, all[at(8)]!)),
    ),
  ).toMatchObject({ status: 1, firstBad: 9 })
  expect(
    stranger(
      'log',
      'log.jsonl',
      withLines((all) => all.pop()),
    ),
  ).toMatchObject({ status: 1, firstBad: size - 1 })
  const archived = withLines((all) => {
    const leaf = audit.leafHash(Buffer.from(all[at(5)]!))
    all[at(5)] = JSON.stringify({ archived: leaf.toString('base64') })
  })
  expect(stranger('log', 'log.jsonl', archived), 'nobody archived it').toMatchObject({ status: 1, firstBad: 5 })
})

async function sitDown() {
  const { player, session } = await house.sitDown(100_000n)
  return { ...session, player }
}

/** The bundle as it is exported. */
async function bundle(): Promise<string> {
  let text = ''
  for await (const piece of audit.bundleLines(
    world.sql,
    (await audit.bundleOf(world.sql, { keys: world.agent.keys }))!,
  ))
    text += piece
  return text
}

/** Runs the verifier by whatever Node is on the path, in a folder where nothing of ours is. */
function stranger(
  what: 'log' | 'bet',
  name: string,
  content: string,
  { by = key, more = [] }: { by?: string; more?: string[] } = {},
): { status: number | null } & Record<string, unknown> {
  writeFileSync(join(away, name), content)
  const ended = spawnSync('node', ['verify.mjs', what, name, '--key', by, '--json', ...more], {
    cwd: away,
    encoding: 'utf8',
  })
  return { status: ended.status, ...(ended.stdout ? JSON.parse(ended.stdout) : { said: ended.stderr }) }
}

test('the verifier is one file that uses nothing but Node', () => {
  const text = execFileSync('cat', [join(away, 'verify.mjs')], { encoding: 'utf8' })
  expect([...text.matchAll(/from '([^']+)'/g)].map(([, name]) => name)).toEqual(['node:crypto', 'node:fs', 'node:url'])
})
