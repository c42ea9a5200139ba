import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as audit from '#audit'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import type { Invitation } from '../../ops/failover/invite.ts'
import { type Lab, type LabNode, openLab } from '../lab/lab.ts'
import { aged, endOf, saidBy } from '../lab/long-off.ts'
import { canBeSeveral } from '../lab/network.ts'
import { refusedStart } from '../lab/second-site.ts'

/** A lab of its own takes minutes to come up, so it is one of the long runs: `COUNTROOM_CLUSTER_TRIALS=all`. */
const able = process.env.COUNTROOM_CLUSTER_TRIALS === 'all' && (await canBeSeveral())

/** Each goes on where the one before has ended. Lists are good for a day, certificates for a week. */
describe.runIf(able)('nodes that were off for long come back', () => {
  let lab: Lab
  let first: LabNode
  let third: LabNode
  beforeAll(async () => {
    lab = await openLab()
    first = lab.nodes[0]!
    third = lab.nodes[2]!
  }, 600_000)
  afterAll(() => lab?.down(), 120_000)

  test('one node and one edge, off for two days: they take the lists that the others have', async () => {
    const edge = lab.edges[1]!
    for (const node of [third, edge]) {
      const old = await aged(lab, node, 2)
      await node.stop()
      old.putIn()
    }
    await Promise.all([third.up(), edge.up()])
    await lab.settled()
    expect(saidBy(third)).toMatch(/took newer ones of the other nodes/)
    expect(saidBy(edge)).toMatch(/took newer ones of core-/)
  }, 300_000)

  test('one node, off until the log that it needs is gone: it copies the data anew by itself', async () => {
    await third.stop()
    const leads = (await lab.members()).find(({ role }) => role === 'primary')!
    const primary = connect(viewHome(lab.nodes.find(({ machine }) => machine.address === leads.address)!.home), 'admin')
    const oldest = async () => {
      const [row] = await primary<[{ name: string }]>`
        select min(substring(name, 9)) as name from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`
      return row.name
    }
    const [{ needed }] = await primary<[{ needed: string }]>`
      select substring(pg_walfile_name(pg_current_wal_lsn()), 9) as needed`
    for (let i = 0; i < 60 && (await oldest()) <= needed; i++) {
      await primary`select pg_logical_emit_message(false, 'test', 'something'), pg_switch_wal()`
      await primary`checkpoint`
      await new Promise((resolve) => setTimeout(resolve, 1000)) // until its slot is given up
    }
    expect((await oldest()) > needed).toBe(true)
    await primary.end()
    await third.up()
    await expect.poll(() => saidBy(third), { timeout: 180_000, interval: 1000 }).toMatch(/all data are copied anew/)
    const members = await lab.settled(180)
    expect(members.find(({ name }) => name === 'node-3')).toMatchObject({ role: expect.stringMatching(/standby/) })
  }, 600_000)

  test('one node, off for longer than its certificates live: it says so, and comes back with a package that another makes', async () => {
    const old = await aged(lab, third, 8)
    await third.stop()
    old.putIn()
    expect(await refusedStart(third)).toMatch(/Certificates of this node have ended.*postgres.*cluster join/s)
    expect(() => third.countroom('pki', 'renew', '--alone')).toThrow(/they say whether this node may come back/)
    const { file, code } = invited()
    expect(third.countroom('cluster', 'join', file, '--code', code)).toMatch(/this node already/)
    await third.up()
    await lab.settled()
  }, 300_000)

  test('one node, whose disk is gone: it begins nothing with an empty memory, and joins anew in the place that another makes for it', async () => {
    expect(() => first.countroom('cluster', 'replace', 'node-3')).toThrow(/it is not lost/)
    await third.stop()
    for (const name of readdirSync(third.home)) rmSync(join(third.home, name), { recursive: true, force: true })
    const { file, code } = invited()
    third.countroom('cluster', 'join', file, '--code', code, ...lab.custodians)
    expect(await refusedStart(third)).toMatch(/npx countroom cluster replace node-3/)
    expect(JSON.parse(first.countroom('cluster', 'replace', 'node-3', '--json'))).toMatchObject({
      removed: true,
      added: true,
    })
    expect(JSON.parse(first.countroom('cluster', 'replace', 'node-3', '--json'))).toMatchObject({
      removed: false,
      added: false,
    })
    expect(await refusedStart(third)).toMatch(/not what was approved.*--approve-program/s) // its list of sums was on that disk
    await third.up('--approve-program')
    const members = await lab.settled()
    expect(members.find(({ name }) => name === 'node-3')?.role).toMatch(/standby/)
  }, 400_000)

  /** A package for the third node, made by the first. */
  function invited(): Invitation {
    const keys = JSON.parse(first.countroom('keys', 'backup', '--json')) as { path: string }
    const addresses = lab.nodes.map(({ machine }) => machine.address).join(',')
    const out = join(first.home, '..', 'again')
    const words = ['cluster', 'invite', '--addresses', addresses, '--keys', keys.path, '--out', out, '--json']
    const made = JSON.parse(first.countroom(...words)) as Invitation[]
    return made.find(({ node }) => node === 'node-3')!
  }

  test('all nodes, off for two days and one of them for longer: they sign for themselves, and the audit log hears of it', async () => {
    const old = await Promise.all(lab.nodes.map((node) => aged(lab, node, node === first ? 8 : 2)))
    await Promise.all(lab.nodes.map((node) => node.stop()))
    for (const each of old) each.putIn()
    expect(await refusedStart(first)).toMatch(/npx countroom pki renew --alone/)
    expect(first.countroom('pki', 'renew', '--alone')).toMatch(/good until/)
    await Promise.all(lab.nodes.map((node) => node.up()))
    await lab.settled()
    expect(saidBy(third)).toMatch(/signed them here, by what was last known/)
    expect(endOf(first, 'postgres').getTime()).toBeGreaterThan(Date.now() + 5 * 86_400_000) // the database's own by now
    const owner = connect(viewHome(first.home), 'owner')
    const heard = await owner.begin((tx) => audit.search(tx, { code: 'pki.signed_alone', limit: 10 }))
    await owner.end()
    expect(new Set(heard.map(({ subject }) => subject))).toEqual(new Set(['ops', 'ops-2', 'ops-3']))
    expect(heard.some(({ detail }) => String(detail?.by).startsWith('countroom pki renew --alone'))).toBe(true)
  }, 400_000)
})

test.skipIf(able)('nodes are off for long in the long run only, as root (COUNTROOM_CLUSTER_TRIALS=all)', () => {})
