import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { changePrimary } from '../../ops/failover/change.ts'
import { askPatroni } from '../../ops/failover/patroni.ts'
import { drillChaos } from '../lab/drill.ts'
import { believesToLead, crash, nodeThatIs, primaryOf } from '../lab/faults.ts'
import { type Lab, type LabNode, openLab } from '../lab/lab.ts'
import { canBeSeveral } from '../lab/network.ts'
import { run } from '../lab/run.ts'
import { trials } from '../lab/trials.ts'

/** What takes short in CI; `COUNTROOM_CLUSTER_TRIALS=all` for every fault there is, `COUNTROOM_CLUSTER_PACE=200` for more bets a second. */
const short = [
  'planned switchover',
  'the postmaster of the primary killed',
  'the primary cut off for 35 to 70 s, then healed',
  'a core killed',
  'the machine of the synchronous standby dies',
  'the edge with the virtual address dies',
]
const wanted = process.env.COUNTROOM_CLUSTER_TRIALS === 'all' ? trials.map(({ name }) => name) : short
const pace = Number(process.env.COUNTROOM_CLUSTER_PACE ?? 30)

const able = await canBeSeveral()

describe.runIf(able)('three nodes and two edges keep one casino', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab()
  }, 600_000)
  afterAll(() => lab?.down(), 120_000)

  test.each(trials.filter(({ name }) => wanted.includes(name)))(
    '$name: nothing that was acknowledged is lost, nothing is applied twice, one server writes, and money moves again [GLI-B.3.4] [GLI-B.3.5a]',
    { timeout: 600_000 },
    async (trial) => {
      const { account, lost, doubled, books, latency, secondWriters, cutOff, timelines } = await run(lab, trial, pace)
      expect(account.acknowledged.size).toBeGreaterThan(pace)
      expect({ lost, doubled, unresolved: account.unresolved }).toEqual({ lost: [], doubled: [], unresolved: [] })
      expect({ books, secondWriters }).toEqual({ books: undefined, secondWriters: [] })
      expect(account.gap.seconds).toBeLessThan(5 * trial.gapSecondsMax)
      if (trial.backSecondsMax) expect(latency.backSeconds).toBeLessThan(5 * trial.backSecondsMax)
      if (trial.unnoticed) expect(account.failures).toEqual([])
      const [before, after] = timelines
      if (trial.leader === 'changes') expect(after).toBeGreaterThan(before)
      if (trial.leader === 'stays') expect(after).toBe(before)
      if (/cut off/.test(trial.name)) {
        expect(cutOff!.asked, 'they did ask where nobody else is reached').toBeGreaterThan(3)
        expect(cutOff!.acknowledged, 'the minority takes no money').toEqual([])
      }
    },
  )

  test.runIf(process.env.COUNTROOM_CLUSTER_TRIALS === 'all')(
    'a chaos drill kills the primary, and what it reports is signed: the evidence verifies, and a changed one does not',
    async () => {
      const out = mkdtempSync(join(tmpdir(), 'cr-drill-'))
      const trial = trials.find(({ name }) => name === 'the postmaster of the primary killed')!
      const { record, file } = await drillChaos(
        lab,
        { ...trial, gapSecondsMax: 5 * trial.gapSecondsMax },
        { perSecond: pace, out },
      )
      expect(record).toMatchObject({ what: 'chaos drill', lost: 0, doubled: 0, unanswered: 0, ok: true })
      expect(record.timeline.map(({ happened }) => happened)).toEqual(
        expect.arrayContaining([trial.name, expect.stringMatching(/node-\d leads/), 'all nodes are where they belong']),
      )
      const verified = (path: string) => JSON.parse(lab.nodes[0]!.countroom('drill', 'verify', path, '--json'))
      expect(verified(file)).toMatchObject({ ok: true, record: { lost: 0 } })
      expect(lab.nodes[0]!.countroom('drill', 'verify', file)).toMatch(/Chaos drill of .*0 lost/s)
      const changed = `${file}.changed`
      writeFileSync(changed, readFileSync(file, 'utf8').replace('\\"lost\\":0', '\\"lost\\":1'))
      expect(readFileSync(changed, 'utf8')).not.toBe(readFileSync(file, 'utf8'))
      expect(() => verified(changed)).toThrow()
      rmSync(out, { recursive: true })
    },
    300_000,
  )

  test('one server believes to be the primary, the others follow it on one timeline, and the books prove [GLI-B.3.5b]', async () => {
    const members = await lab.settled()
    expect(members.map(({ role }) => role).sort()).toEqual(['primary', 'standby', 'synchronous standby'])
    expect(new Set(members.map(({ timeline }) => timeline)).size).toBe(1)
    expect(lab.nodes.filter(believesToLead)).toHaveLength(1)
    expect(JSON.parse(lab.nodes[2]!.countroom('verify', 'ledger', '--json'))).toMatchObject({ ok: true })
  }, 60_000)

  test('whatever a server took back was kept first', () => {
    for (const { home } of lab.nodes) {
      const taken = readFileSync(join(home, 'log/patroni.log'), 'utf8').match(/pg_rewind: Done!/g) ?? []
      expect(readdirSync(join(home, 'patroni/forks')).length, home).toBeGreaterThanOrEqual(taken.length)
    }
  })

  test('both edges count limits together, at whichever Redis leads', async () => {
    const isTogether = ({ home, machine }: LabNode) => {
      const { listen } = JSON.parse(readFileSync(join(home, 'run/edge.json'), 'utf8')) as {
        listen: { metrics: { port: number } }
      }
      const asking = `fetch('http://127.0.0.1:${listen.metrics.port}/metrics').then(async (answer) => console.log(await answer.text()))`
      return /^countroom_edge_limits_together 1$/m.test(machine.run(process.execPath, ['-e', asking]))
    }
    await vi.waitFor(() => expect(lab.edges.map(isTogether)).toEqual([true, true]), { timeout: 50_000, interval: 1000 })
  }, 60_000)

  test.runIf(process.env.COUNTROOM_CLUSTER_TRIALS === 'all')(
    'two operators hand over at once: one change comes of it, and nobody is told what is not so',
    async () => {
      const before = await lab.settled()
      const leads = (members: typeof before) => members.find(({ role }) => role === 'primary')!
      const said = await Promise.all(
        [lab.nodes[0]!, lab.nodes[1]!].map(({ home }) =>
          changePrimary(viewHome(home), 'switchover', {}).catch((error: Error) => error.message),
        ),
      )
      const after = await lab.settled()
      expect(leads(after).timeline).toBe(leads(before).timeline! + 1)
      const taken = said.filter((each) => typeof each !== 'string')
      expect(taken.length).toBeGreaterThan(0)
      for (const { to } of taken) expect(to).toBe(leads(after).name)
    },
    120_000,
  )

  test.runIf(process.env.COUNTROOM_CLUSTER_TRIALS === 'all')(
    'two operators promote at once where nobody leads and nothing helps itself: the synchronous standby leads, on one new timeline',
    async () => {
      const before = await lab.settled()
      const [primary, standby] = [await primaryOf(lab), await nodeThatIs(lab, 'synchronous standby')]
      const asks = { host: standby.machine.address, port: 8008 }
      const pause = (on: boolean) => askPatroni(viewHome(standby.home), asks, 'PATCH', '/config', { pause: on || null })
      await pause(true)
      crash(primary)
      try {
        await expect
          .poll(async () => (await lab.members()).some(({ role }) => role === 'primary'), {
            timeout: 60_000,
            interval: 1000,
          })
          .toBe(false)
        const others = lab.nodes.filter((each) => each !== primary)
        const said = await Promise.all(
          others.map(({ home }) =>
            changePrimary(viewHome(home), 'failover', {}).catch((error: Error) => error.message),
          ),
        )
        expect(said.some((each) => typeof each !== 'string')).toBe(true)
      } finally {
        await pause(false)
        primary.machine.plug()
        await primary.up()
      }
      const after = await lab.settled(180)
      expect((await primaryOf(lab)).number).toBe(standby.number)
      const timelines = [before, after].map((members) => members.find(({ role }) => role === 'primary')!.timeline!)
      expect(timelines[1]).toBe(timelines[0]! + 1)
    },
    400_000,
  )

  test('a switchover to who lacks what was acknowledged is refused, and so is a failover while a primary runs', async () => {
    const standby = (await lab.members()).find(({ role }) => role === 'standby')!
    const refused = (...words: string[]) => {
      try {
        return lab.nodes[0]!.countroom(...words)
      } catch (error) {
        return (error as { stderr: string }).stderr
      }
    }
    expect(refused('switchover', '--to', standby.name)).toMatch(/alone has all that was acknowledged/)
    expect(refused('failover')).toMatch(/leads and runs/)
  })
})

test.skipIf(able)('a cluster needs root and namespaces of networks, which are not here', () => {})
