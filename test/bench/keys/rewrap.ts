import { randomBytes, randomInt } from 'node:crypto'
import { systemCommand, type Tx, textArray } from '#base'
import * as keys from '#keys'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import { migrate } from '../../../core/host/migrations.ts'
import { advance, beginRotation } from '../../../core/host/rotation.ts'
import { startCluster } from '../../support/cluster.ts'
import type { TestKeys } from '../../support/keys.ts'
import { type Figure, percentile, type RunOptions } from '../benchmark.ts'

const count = 100_000
const atOnce = 64
const perInsert = 1000
const readers = 4
const writers = 2

/** Rotates the key-encryption key over many data keys, as command and worker do, while others open and seal. */
export async function rewrapOnline(agent: TestKeys, { say }: RunOptions): Promise<Figure[]> {
  const cluster = await startCluster({ durable: true })
  const at = { host: cluster.host, port: cluster.port, password: '' }
  const admin = openDatabase({ ...at, database: 'postgres', user: 'postgres', poolMax: 1 })
  await admin`create database bench owner countroom_owner`
  const owner = openDatabase({ ...at, database: 'bench', user: 'countroom_owner', poolMax: 2 })
  await migrate(owner)
  const sql = openDatabase({ ...at, database: 'bench', user: 'countroom_app', poolMax: 12 })
  try {
    say(`making ${count.toLocaleString('en')} data keys`)
    const made = await makeDeks(owner, agent)
    say('rotating, with readers and writers at work')
    return await rotate(sql, agent, made)
  } finally {
    await Promise.all([sql.end(), owner.end(), admin.end()])
    await cluster.stop()
  }
}

const playerOf = (number: number) => `plr_${String(number).padStart(26, '0')}`
const placeOf = (player: string): keys.Place => ({ player, purpose: 'contact', table: 't', column: 'c', row: player })

/** Data keys as the token makes them, straight into their table. Answers envelopes of some of them. */
async function makeDeks(owner: Sql, agent: TestKeys): Promise<Map<string, Buffer>> {
  const work = agent.as('work')
  const rows: Array<{ player: string; kek: string; wrapped: Buffer; binding: Buffer }> = []
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) {
        const player = playerOf(next++)
        const { kek, wrapped, binding } = await work.newDek(
          'kek-pii',
          Buffer.from(JSON.stringify([player, 'contact', 1])),
        )
        rows.push({ player, kek, wrapped, binding })
      }
    }),
  )
  for (let from = 0; from < rows.length; from += perInsert) {
    const some = rows.slice(from, from + perInsert)
    const hex = (bytes: Buffer) => bytes.toString('hex')
    await owner`
      insert into keys.deks (player, purpose, version, kek, wrapped, binding, created_at)
      select player, 'contact', 1, kek, decode(wrapped, 'hex'), decode(binding, 'hex'), now()
      from unnest(${textArray(some.map(({ player }) => player))}::text[], ${textArray(some.map(({ kek }) => kek))}::text[],
        ${textArray(some.map(({ wrapped }) => hex(wrapped)))}::text[], ${textArray(some.map(({ binding }) => hex(binding)))}::text[])
        as made (player, kek, wrapped, binding)`
  }
  await owner`analyze keys.deks`
  const envelopes = new Map<string, Buffer>()
  const command = { ...systemCommand('bench'), keys: work }
  for (let sample = 0; sample < 5000; sample++) {
    const player = playerOf(randomInt(count))
    envelopes.set(
      player,
      await owner.begin((tx) => keys.seal(tx as Tx, command, { ...placeOf(player), plaintext: player })),
    )
  }
  return envelopes
}

async function rotate(sql: Sql, agent: TestKeys, envelopes: ReadonlyMap<string, Buffer>): Promise<Figure[]> {
  const [ops, work, core] = [agent.as('ops'), agent.as('work'), agent.as('core')]
  const known = [...envelopes.keys()]
  const command = () => ({ ...systemCommand('bench'), keys: core })
  const latencies: number[] = []
  let [over, errors, written] = [false, 0, 0]
  const busy = async (work: () => Promise<unknown>) => {
    while (!over) {
      const begunMs = performance.now()
      await work().catch(() => errors++)
      latencies.push(performance.now() - begunMs)
      await new Promise((resolve) => setTimeout(resolve, 5)) // people, not a second benchmark
    }
  }
  const others = [
    ...Array.from({ length: readers }, () =>
      busy(async () => {
        const player = known[randomInt(known.length)]!
        const text = await keys.open(sql, core, { ...placeOf(player), envelope: envelopes.get(player)! })
        if (text.toString() !== player) throw new Error('another text')
      }),
    ),
    ...Array.from({ length: writers }, () =>
      busy(async () => {
        const player = written++ % 2 === 0 ? `plr_new${randomBytes(8).toString('hex')}` : playerOf(randomInt(count))
        await sql.begin((tx) => keys.seal(tx as Tx, command(), { ...placeOf(player), plaintext: player }))
      }),
    ),
  ]

  const startedMs = performance.now()
  const rotation = await sql.begin((tx) => keys.askRotation(tx as Tx, command(), 'kek-pii'))
  const epoch = (await ops.activate((await ops.create('kek-pii')).key)).key
  const older = (await ops.list())
    .filter((each) => each.family === 'kek-pii' && each.key !== epoch)
    .map(({ key }) => key)
  await sql.begin((tx) => beginRotation(tx, command(), { rotation, family: 'kek-pii', epoch, older }))
  const host = { sql, keys: work, now: () => new Date(), log: { info() {}, error() {} } as never }
  for (let open = await keys.openRotations(sql); open.length > 0; open = await keys.openRotations(sql))
    for (const each of open) await advance(host, each)
  const seconds = (performance.now() - startedMs) / 1000
  over = true
  await Promise.all(others)

  const left = await keys.deksUnder(sql, older)
  if (left > 0) throw new Error(`${left} data keys still name an older epoch`)
  latencies.sort((a, b) => a - b)
  return [
    { name: `${count.toLocaleString('en')} data keys re-wrapped online`, value: seconds, unit: 's', bar: '<=60' },
    { name: 'of those who read and wrote meanwhile: calls', value: latencies.length, unit: '' },
    { name: 'of those who read and wrote meanwhile: errors', value: errors, unit: '', bar: '<=0' },
    { name: 'of those who read and wrote meanwhile: p99', value: percentile(latencies, 0.99), unit: 'ms' },
  ]
}
