import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tx } from '#base'
import * as keys from '#keys'
import * as players from '#players'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import { forgetIndexes, mendIndexes } from '../../../core/host/rotation.ts'
import { binaries } from '../../support/cluster.ts'
import { holdCeremony, startTestKeys, type TestKeys } from '../../support/keys.ts'
import { type TestModule, testModules } from '../../support/modules.ts'
import { rotator } from '../../support/rotation.ts'
import { openWorld, type World } from '../../support/world.ts'

/** An old backup of the data meets the keys of today: whoever was erased meanwhile stays erased, everyone else is there. */
let world: World
let ops: keys.Keys
const opened: Sql[] = []
const dropped: string[] = []
const nodes: TestKeys[] = []
const begin = async (module: TestModule) => {
  world = await openWorld({ module })
  ops = world.agent.as('ops')
}
const end = async () => {
  await Promise.all(opened.splice(0).map((sql) => sql.end({ timeout: 5 })))
  const maintenance = openDatabase({
    ...world.address,
    database: 'postgres',
    user: 'postgres',
    password: '',
    poolMax: 1,
  })
  for (const name of dropped.splice(0)) await maintenance.unsafe(`drop database if exists ${name} with (force)`)
  await maintenance.end()
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
  await world.stop()
}

type Restored = { app: Sql; owner: Sql }

const dump = (): string => {
  const file = join(tmpdir(), `cr-dump-${randomBytes(6).toString('hex')}`)
  const { host, port, database } = world.address
  execFileSync(join(binaries, 'pg_dump'), [
    '-h',
    host,
    '-p',
    String(port),
    '-U',
    'postgres',
    '-Fc',
    '-f',
    file,
    database,
  ])
  return file
}
const restore = async (file: string): Promise<Restored> => {
  const name = `test_restored_${randomBytes(6).toString('hex')}`
  const { host, port } = world.address
  const address = { host, port, password: '', poolMax: 2 }
  const maintenance = openDatabase({ ...address, database: 'postgres', user: 'postgres' })
  await maintenance.unsafe(`create database ${name} owner countroom_owner`)
  await maintenance.end()
  dropped.push(name)
  execFileSync(join(binaries, 'pg_restore'), ['-h', host, '-p', String(port), '-U', 'postgres', '-d', name, file])
  const app = openDatabase({ ...address, database: name, user: 'countroom_app' })
  const owner = openDatabase({ ...address, database: name, user: 'countroom_owner' })
  opened.push(app, owner)
  return { app, owner }
}
const backUpKeys = async (sql: Sql = world.sql): Promise<string> =>
  sql.begin('isolation level repeatable read read only', async (tx) => {
    let text = ''
    for await (const line of keys.dumpDeks(tx, { at: new Date(), agent: '', seal: ops.sealFile })) text += line
    return text
  })
const joinTo = async ({ owner }: Restored, text: string, by = ops) => {
  const named = async (states: string[]) =>
    (await by.list()).filter(({ state }) => states.includes(state)).map(({ key }) => key)
  const epochs = { usable: await named(['active', 'decrypt-only']), active: await named(['active']) }
  return (await owner.begin((tx) => keys.joinDeks(tx, keys.readDump(text), epochs))) as keys.JoinReport
}
type DekRow = { player: string; purpose: string; version: number; kek: string; wrapped: Buffer; binding: Buffer }
const rowsOf = (sql: Sql, player: string) => sql<DekRow[]>`select * from keys.deks where player = ${player}`

/** The agent was reached and would not: the key is destroyed, or the wrap is not its own. */
const closed = /^keys\.(state|refused)$/

describe.each(testModules)('on %s', (module) => {
  beforeAll(() => begin(module))
  afterAll(end)

  test('a dump of before, an erasure, a rotation, the old epoch destroyed: the erased cannot be read, everyone else can [S59] [S43]', async () => {
    const erased = await world.player()
    const others = await Promise.all(Array.from({ length: 5 }, () => world.player()))
    const before = dump()
    const oldRows = await rowsOf(world.admin, erased.player)
    expect(oldRows.map(({ purpose }) => purpose)).toEqual(expect.arrayContaining(['contact', 'identity']))

    const late = await world.player() // came after the dump: in the newest keys, not in the old data
    await world.act((tx: Tx) => keys.shred(tx, erased.player))
    const rotation = rotator(world)
    const epoch = await rotation.begin('kek-pii')
    await rotation.finish()
    await ops.destroy('kek-pii-1')
    const newest = await backUpKeys()
    expect(newest).not.toContain(oldRows[0]!.wrapped.toString('base64'))

    const old = await restore(before)
    rmSync(before)
    const token = world.agent.as('core')
    const profile = (player: string) => players.profile(old.app, token, player)

    // Alone, the dump is worth nothing: its wraps name a key that is no more.
    await expect(profile(erased.player)).rejects.toMatchObject({ code: 'keys.state' })

    expect(await joinTo(old, newest)).toMatchObject({ erased: oldRows.length, deks: expect.any(Number) })
    for (const { player, email } of others) expect((await profile(player)).email).toBe(email)
    expect((await players.findByEmail(old.app, token, others[0]!.email))?.player).toBe(others[0]!.player)
    await expect(profile(erased.player)).rejects.toMatchObject({ code: 'keys.shredded' })
    expect(await rowsOf(old.app, late.player)).not.toHaveLength(0)

    // The old wraps, under every name there is, by every role that may ask, also of an agent that was started anew.
    await world.agent.kill()
    await world.agent.restart()
    for (const role of ['core', 'work'] as const)
      for (const row of oldRows)
        for (const name of ['kek-pii-1', epoch, 'kek-pii'])
          await expect(
            world.agent.as(role).openDek(name, contextOf(row), row.wrapped, row.binding),
            `${role}, ${name}`,
          ).rejects.toMatchObject({ code: expect.stringMatching(closed) })
    await expect(
      world.agent.as('work').rewrapDeks(oldRows.map((row) => ({ ...row, context: contextOf(row) }))),
    ).rejects.toMatchObject({ code: expect.stringMatching(closed) })

    // The old rows put back, under the epoch they had or the new one; another player's key in their place.
    const [lent] = await rowsOf(old.app, others[0]!.player)
    for (const { kek, wrapped, binding } of [oldRows[0]!, { ...oldRows[0]!, kek: epoch }, { ...lent!, kek: epoch }]) {
      await old.owner`
      insert into keys.deks (player, purpose, version, kek, wrapped, binding, created_at)
      select ${erased.player}, purpose, 1, ${kek}, ${wrapped}, ${binding}, now()
      from unnest(array['contact', 'identity']) purpose`
      await expect(profile(erased.player)).rejects.toThrow()
      await old.owner`delete from keys.deks where player = ${erased.player}`
    }

    // Brought back to life it is not, not even to seal something new.
    const sealing = {
      player: erased.player,
      purpose: 'contact' as const,
      table: 't',
      column: 'c',
      row: 'r',
      plaintext: 'x',
    }
    await expect(
      old.app.begin((tx) => keys.seal(tx, { ...world.command(), keys: token }, sealing)),
    ).rejects.toMatchObject({ code: 'keys.erased' })
  }, 60_000)

  test('a second token, made by a quorum from the newest copies, has no way to the erased either [S59]', async () => {
    const { shares } = await holdCeremony(ops, { custodians: ['Ada', 'Grace', 'Edsger'], threshold: 2 })
    const rotation = rotator(world)
    const families = ['hk-dek-binding', 'kek-pii', 'hk-email-index']
    for (const family of families) {
      await rotation.begin(family)
      await rotation.run()
    }
    expect((await keys.openRotations(world.sql)).length).toBe(0)
    // What lets processes in is born in the ceremony too, or nobody could ask the second token.
    for (const family of ['sk-ca-root', 'sk-ca-issuing']) await ops.activate((await ops.create(family)).key)
    const [erased, kept] = [await world.player(), await world.player()]
    const before = dump()
    const older = await ops.backup() // holds the key that is destroyed below, as long as anybody keeps it
    const oldRows = await rowsOf(world.admin, erased.player)
    await world.act((tx: Tx) => keys.shred(tx, erased.player))
    const destroyed = await world.agent.as('core').active('kek-pii')
    await rotation.begin('kek-pii')
    await rotation.run()
    await ops.destroy(destroyed)
    const [text, newest] = [await backUpKeys(), await ops.backup()]

    const unsealed = (await ops.statusOfCeremony()).unsealed
    const bring = async (to: TestKeys, blobs: keys.KeysBackup) => {
      const theirs = to.as('ops')
      await theirs.restoreBegin(blobs)
      for (const share of shares.slice(1)) await theirs.restoreShare(share)
      await theirs.restoreFinish(unsealed)
    }
    const node = async (blobs: keys.KeysBackup) => {
      const joined = await startTestKeys({ module, config: { firstStart: 'join' } })
      nodes.push(joined)
      await bring(joined, blobs)
      return joined
    }
    const second = await node(newest)
    const data = await restore(before)
    rmSync(before)
    await joinTo(data, text)
    const token = second.as('core')
    expect((await players.profile(data.app, token, kept.player)).email).toBe(kept.email)
    expect((await players.findByEmail(data.app, token, kept.email))?.player).toBe(kept.player)
    await expect(players.profile(data.app, token, erased.player)).rejects.toMatchObject({ code: 'keys.shredded' })
    const opensIn = (by: keys.Keys) =>
      Promise.allSettled(oldRows.map((row) => by.openDek(destroyed, contextOf(row), row.wrapped, row.binding)))
    const noneOpens = async (by: keys.Keys) => {
      for (const answer of await opensIn(by))
        expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'keys.state' } })
    }
    await noneOpens(token)

    // And this is why copies of before have to be destroyed with the key: with one, and a quorum, all of it comes back.
    const earlier = await node(older)
    for (const answer of await opensIn(earlier.as('core'))) expect(answer.status).toBe('fulfilled')

    // A node that joined before the key was destroyed and follows now writes no such copy from then on.
    await bring(earlier, newest)
    const after = await node(await earlier.as('ops').backup())
    for (const by of [earlier, after]) await noneOpens(by.as('core'))
    const written = JSON.parse((await earlier.as('ops').backup()).body) as {
      entries: Array<{ key: string; copy?: unknown }>
    }
    expect(written.entries.find(({ key }) => key === destroyed)?.copy).toBeUndefined()
  }, 60_000)

  test('restored data whose index of addresses was made under a key that is gone find everyone again, but the erased', async () => {
    const [erased, kept] = [await world.player(), await world.player()]
    const before = dump()
    await world.act((tx: Tx) => keys.shred(tx, erased.player))
    const rotation = rotator(world)
    const gone = await world.agent.as('core').active('hk-email-index')
    await rotation.begin('hk-email-index')
    await rotation.run()
    await forgetIndexes({ ...rotation.host, now: () => new Date(Date.now() + 120_000) })
    await ops.destroy(gone)
    const data = await restore(before)
    rmSync(before)
    await joinTo(data, await backUpKeys())
    const token = world.agent.as('core')
    const found = (email: string) => players.findByEmail(data.app, token, email)
    await expect(found(kept.email)).rejects.toMatchObject({ code: 'keys.state' })
    const host = { ...rotation.host, sql: data.app, log: { warn() {} } as never }
    await mendIndexes(host)
    expect((await found(kept.email))?.player).toBe(kept.player)
    expect(await found(erased.email)).toBeUndefined()
    await mendIndexes(host) // nothing left to do
  })

  test("[S45] a backup that was written anew by somebody else, sum and all, is not known by the agent; nor is another node's", async () => {
    const text = await backUpKeys()
    const { file } = keys.readDump(text)
    await ops.checkFile(file)
    const lines = text.trimEnd().split('\n')
    const end = JSON.parse(lines.at(-1) ?? '') as { end: { seal: keys.FileSeal } }
    const without = lines.filter((line) => !line.startsWith('{"shredded"')).slice(0, -1) // who wants the erased back
    expect(without.length).toBeLessThan(lines.length - 1)
    const forged = [...without, JSON.stringify({ end: { ...end.end, sha256: sumOf(without) } })].join('\n')
    const refused = (of: keys.DekDump['file']) =>
      expect(ops.checkFile(of)).rejects.toThrow(expect.objectContaining({ code: 'keys.backup_forged' }))
    await refused(keys.readDump(forged).file)
    for (const by of ['hk-pepper-1', 'hk-dek-binding-1', 'hk-register-9', 'x'])
      await refused({ ...file, seal: { ...file.seal, by } })
    await refused({ ...file, seal: { ...file.seal, mac: '' } })
    const other = await startTestKeys({ module })
    nodes.push(other)
    await refused({ ...file, seal: await other.as('ops').sealFile(file.digest) })
  })
})

describe('a backup of data keys, whatever the token is', () => {
  beforeAll(() => begin('softhsm'))
  afterAll(end)

  test('of two backups of keys it is the newest that counts: with one of before the erasure, the list of the erased is what holds', async () => {
    const [gone, kept] = [await world.player(), await world.player()]
    const stale = await backUpKeys()
    await world.act((tx: Tx) => keys.shred(tx, gone.player))
    const file = dump()
    const later = await restore(file)
    rmSync(file)
    await joinTo(later, stale)
    expect(await rowsOf(later.app, gone.player)).toHaveLength(0)
    expect(await rowsOf(later.app, kept.player)).not.toHaveLength(0)
  })

  test('what was made after the newest backup of keys, and is in the data, stays', async () => {
    const backup = await backUpKeys()
    const young = await world.player()
    const file = dump()
    const later = await restore(file)
    rmSync(file)
    await joinTo(later, backup)
    expect((await players.profile(later.app, world.agent.keys, young.player)).email).toBe(young.email)
  })

  test('a backup that knows nothing removes nothing, and makes no key of today a retired one', async () => {
    const kept = await world.player()
    const file = dump()
    const data = await restore(file)
    rmSync(file)
    const token = world.agent.as('core')
    const active = await token.active('kek-pii')
    const forged = (lines: string[], at = new Date()) => {
      const seal = { by: 'nobody', mac: '' }
      const body = [JSON.stringify({ format: 'countroom-keys-backup-2', at, agent: '' }), ...lines].join('\n')
      const sha256 = createHash('sha256').update(`${body}\n`).digest('hex')
      return `${body}\n${JSON.stringify({ end: { deks: 0, shredded: 0, retired: 0, sha256, seal } })}\n`
    }
    const [before] = await data.owner`select count(*)::int as count from keys.deks`
    await joinTo(data, forged([JSON.stringify({ retired: [active, '2026-01-01T00:00:00'] })]))
    const [after] = await data.owner`select count(*)::int as count from keys.deks`
    expect(after).toEqual(before)
    const sealing = {
      player: 'plr_new',
      purpose: 'contact' as const,
      table: 't',
      column: 'c',
      row: 'r',
      plaintext: 'x',
    }
    await data.app.begin((tx) => keys.seal(tx, { ...world.command(), keys: token }, sealing))
    expect((await players.profile(data.app, token, kept.player)).email).toBe(kept.email)
    expect(() => keys.readDump(forged([], new Date('2999-01-01')))).toThrow(/in the future/)
  })

  test('a data key that was being made while the backup was taken stays, though it is older than the backup says', async () => {
    const late = await world.player()
    const rows = await rowsOf(world.admin, late.player)
    const text = (await backUpKeys()).trimEnd().split('\n')
    const body = text
      .slice(0, -1)
      .filter((line) => !line.includes(late.player))
      .join('\n')
    const sha256 = createHash('sha256').update(`${body}\n`).digest('hex')
    const file = dump()
    const data = await restore(file)
    rmSync(file)
    await joinTo(data, `${body}\n${JSON.stringify({ end: { sha256, seal: { by: 'nobody', mac: '' } } })}\n`)
    expect(await rowsOf(data.app, late.player)).toHaveLength(rows.length)
  })

  test('a backup that was cut short or changed is refused, wherever', async () => {
    const text = await backUpKeys()
    const refused = (changed: string) =>
      expect(() => keys.readDump(changed)).toThrow(expect.objectContaining({ code: 'keys.backup_unsound' }))
    const lines = text.trimEnd().split('\n')
    refused('')
    refused(lines.slice(0, -1).join('\n'))
    refused([...lines.slice(0, 2), ...lines.slice(3)].join('\n'))
    refused(text.replace(/plr_\w/, 'plr_0z'))
    refused(text.replace('countroom-keys-backup-2', 'countroom-keys-backup-3'))
    refused(text.replace(/,"seal":\{.*?\}/, ''))
    expect(keys.readDump(text).deks.length).toBe(lines.filter((line) => line.startsWith('{"dek"')).length)
  })
})

function sumOf(lines: readonly string[]): string {
  return createHash('sha256')
    .update(`${lines.join('\n')}\n`)
    .digest('hex')
}

function contextOf({ player, purpose, version }: DekRow): Buffer {
  return Buffer.from(JSON.stringify([player, purpose, version]))
}
