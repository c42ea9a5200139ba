import { createPrivateKey, createPublicKey, generateKeyPairSync, randomInt, sign } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as audit from '#audit'
import { readEdge, rootOfEdge } from '../../../core/audit/log/tiles.ts'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import { migrate } from '../../../core/host/migrations.ts'
import { startCluster } from '../../support/cluster.ts'
import { type Figure, percentile, type RunOptions } from '../benchmark.ts'

export const leaves = 10_000_000
const perInsert = 500_000
const proofs = 3000
const proofsChecked = 200
const checkpointEvery = 1_000_000
const origin = 'countroom/bench'

/** A log so large that its tiles are on three levels and its leaves beyond the buffers; made once and kept. */
export async function largeLog({ say }: RunOptions): Promise<Figure[]> {
  const dir = process.env.COUNTROOM_BENCH_DIR ?? '/var/tmp/countroom-bench-audit'
  const made = join(dir, 'made')
  if (!existsSync(made)) rmSync(dir, { recursive: true, force: true }) // what was not made whole is of no use
  mkdirSync(dir, { recursive: true, mode: 0o755 })
  const cluster = await startCluster({ durable: true, dir })
  const sql = openDatabase({ ...cluster, database: 'bench', user: 'postgres', password: '', poolMax: 3 })
  try {
    if (!existsSync(made)) {
      const begunMs = performance.now()
      await make(cluster, sql, dir, say)
      writeFileSync(made, '')
      say(`made in ${Math.round((performance.now() - begunMs) / 1000)} s; kept in ${dir}`)
    }
    return [...(await proveSome(sql)), ...(await verifyAll(sql, dir, say))]
  } finally {
    await sql.end()
    await cluster.stop()
  }
}

async function proveSome(sql: Sql): Promise<Figure[]> {
  const checkpoint = (await audit.keptCheckpoint(sql))!
  const latencies: number[] = []
  for (let count = 0; count < proofs; count++) {
    const batch = randomInt(leaves)
    const begunMs = performance.now()
    const { index, leaf, proof } = await audit.proveInclusion(sql, { ref: `1/${batch + 1}` })
    latencies.push(performance.now() - begunMs)
    if (count % Math.floor(proofs / proofsChecked) !== 0) continue
    const path = pathOf(proof)
    if (!audit.isIncluded({ index, size: checkpoint.size, leaf, path, root: checkpoint.root }))
      throw new Error(`the proof of leaf ${index} does not hold`)
  }
  latencies.sort((a, b) => a - b)
  return [
    { name: 'inclusion proof in ten million leaves, p50', value: percentile(latencies, 0.5), unit: 'ms', bar: '<=5' },
    { name: 'inclusion proof in ten million leaves, p99', value: percentile(latencies, 0.99), unit: 'ms' },
  ]
}

async function verifyAll(sql: Sql, dir: string, say: (line: string) => void): Promise<Figure[]> {
  const key = audit.noteKey(origin, createPublicKey(privateKeyIn(dir)))
  say('verifying all of it')
  const begunMs = performance.now()
  const own = process.cpuUsage()
  const proof = await sql.begin('isolation level repeatable read read only', (tx) =>
    audit.verifyLog(tx, { keys: [key] }),
  )
  const seconds = (performance.now() - begunMs) / 1000
  const { user, system } = process.cpuUsage(own)
  if (!proof.ok || proof.size !== leaves) throw new Error(`the log does not verify: ${JSON.stringify(proof)}`)
  return [
    { name: 'verification of the whole log', value: leaves / seconds, unit: 'leaves/s', bar: '>=200000' },
    // What it would be on a machine of its own, where nobody else takes the processor away.
    {
      name: 'the same, per second of the verifier on a processor',
      value: leaves / ((user + system) / 1e6),
      unit: 'leaves/s',
    },
    { name: 'memory of who verified', value: process.memoryUsage().rss / 2 ** 20, unit: 'MiB' },
  ]
}

/** The hashes between the index and the checkpoint of a proof (C2SP tlog-proof). */
function pathOf(proof: string): Buffer[] {
  const [head = ''] = proof.split('\n\n')
  return head
    .split('\n')
    .slice(2)
    .map((line) => Buffer.from(line, 'base64'))
}

async function make(cluster: { host: string; port: number }, sql: Sql, dir: string, say: (line: string) => void) {
  const at = { host: cluster.host, port: cluster.port, password: '' }
  const admin = openDatabase({ ...at, database: 'postgres', user: 'postgres', poolMax: 1 })
  await admin`create database bench owner countroom_owner`
  await admin.end()
  const owner = openDatabase({ ...at, database: 'bench', user: 'countroom_owner', poolMax: 2 })
  await migrate(owner)
  await owner.end()
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(join(dir, 'log.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  for (let first = 0; first < leaves; first += perInsert) {
    await insertLeaves(sql, first)
    say(`${(first + perInsert).toLocaleString('en')} leaves`)
  }
  await sql`vacuum (analyze) audit.leaves, audit.batches`
  await makeTiles(sql, privateKeyIn(dir), say)
  await sql`vacuum (analyze) audit.tiles`
}

/** As the sealer would for batches of a lane, but for the hashes of their rows: one each instead of forty. */
async function insertLeaves(sql: Sql, first: number): Promise<void> {
  await sql`
    insert into audit.leaves (index, kind, ref, leaf, at, entry)
    select n, 'batch', '1/' || n + 1, sha256('\\x00'::bytea || convert_to(entry, 'UTF8')), '2026-01-01'::timestamptz + n * interval '1 s', entry
    from generate_series(${first}::bigint, ${first + perInsert - 1}::bigint) n,
      lateral (select '{"at":"' || to_char('2026-01-01'::timestamp + n * interval '1 s', 'YYYY-MM-DD"T"HH24:MI:SS') || '.000Z","batch":"' || n + 1
        || '","digest":"' || md5(n::text) || md5('d' || n) || '","kind":"batch","lane":1,"root":"' || md5('r' || n) || md5('s' || n) || '","rows":40}') e (entry)
    order by n`
  await sql`
    insert into audit.batches (lane, batch, index, keys, rows)
    select 1, index + 1, index, leaf, leaf from audit.leaves where index >= ${first} and index < ${first + perInsert} order by index`
}

/** The tree over the leaves, level by level, and checkpoints of it on the way. */
async function makeTiles(sql: Sql, key: ReturnType<typeof privateKeyIn>, say: (line: string) => void): Promise<void> {
  say('tiles')
  await sql`
    insert into audit.tiles (level, index, hashes)
    select 0, index / 256, string_agg(leaf, ''::bytea order by index) from audit.leaves group by 2`
  for (let level = 0; ; level++) {
    const full = await sql<Array<{ index: bigint; hashes: Buffer }>>`
      select index, hashes from audit.tiles where level = ${level} and length(hashes) = 8192 order by index`
    if (full.length === 0) break
    const roots = Buffer.concat(full.map(({ hashes }) => audit.rootOfHashes(hashes)))
    for (let from = 0, index = 0; from < roots.length; from += 8192, index++)
      await sql`
        insert into audit.tiles (level, index, hashes) values (${level + 1}, ${index}, ${roots.subarray(from, from + 8192)})`
  }
  const noteKey = audit.noteKey(origin, createPublicKey(key))
  for (let size = checkpointEvery; size <= leaves; size += checkpointEvery) {
    const text = audit.checkpointText({ origin, size, root: rootOfEdge(await readEdge(sql, size)) })
    const note = `${text}\n${audit.signatureLine(noteKey, sign(null, Buffer.from(text), key))}\n`
    const { root } = audit.readCheckpoint(note)
    await sql`insert into audit.checkpoints (size, at, root, note) values (${size}, now(), ${root}, ${note})`
  }
}

function privateKeyIn(dir: string) {
  return createPrivateKey(readFileSync(join(dir, 'log.key')))
}
