import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { verify } from '../../ops/commands/verify.ts'
import { repository, spawnQuietly } from '../ops/command.ts'
import { newHome } from '../support/home.ts'
import { scenariosOf, secondsOf, vusAt } from './scenario.ts'
import { createTally, judge, statistic } from './tally.ts'

const home = newHome('small')
let appliance: Appliance
beforeAll(async () => {
  appliance = await startAppliance({ home, freePorts: true })
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

const load = (...args: string[]) =>
  spawnQuietly([process.execPath, join(repository, 'test/load/run.ts'), ...args], {
    ...process.env,
    NODE_OPTIONS: '',
    COUNTROOM_HOME: home,
  }).ended

test('virtual users arrive, pay and play; every check passes, and the books prove', async () => {
  const { code, out } = await load('--vus', '2', '--duration', '4s', '-e', 'BET_P95_MS=20000')
  expect(code, out).toBe(0)
  const names = [...readFileSync(join(import.meta.dirname, 'play.js'), 'utf8').matchAll(/'([^']+)': \(/g)]
  expect(names.length).toBeGreaterThan(6)
  for (const [, name = ''] of names) expect(out).toContain(`✓ ${name}`)
  expect(out).toMatch(/checks\.*: 100\.00%/)
  expect(out).toMatch(/http_req_duration\.*: .*p\(95\)=[\d.]+ms p\(99\)=[\d.]+ms/)
  expect(out).toMatch(/✓ bet_duration: p\(95\)<20000/)
  const { checks } = await verify(viewHome(home))
  expect(checks.filter((check) => !check.ok)).toEqual([])
  expect(Number(/bets\.*: (\d+)/.exec(out)?.[1])).toBeGreaterThanOrEqual(8)
}, 60_000)

test('a threshold that is crossed ends the run with 99 and is marked', async () => {
  const { code, out } = await load('--vus', '1', '--duration', '1s', '-e', 'BET_P95_MS=0')
  expect(code, out).toBe(99)
  expect(out).toMatch(/✗ bet_duration: p\(95\)<0/)
}, 60_000)

test('scenarios: constant, ramping along straight lines, and what the command line says above both', () => {
  const [constant] = scenariosOf({ vus: 3, duration: '1m30s' }, {})
  expect(constant).toMatchObject({ vusMax: 3, seconds: 90, exec: 'default' })
  const ramp = {
    executor: 'ramping-vus',
    startVUs: 0,
    stages: [
      { duration: '10s', target: 10 },
      { duration: '10s', target: 0 },
    ],
  }
  const [ramping] = scenariosOf({ scenarios: { ramp } }, {})
  expect([0, 5, 10, 15, 20].map((second) => vusAt(ramping!, second))).toEqual([0, 5, 10, 5, 0])
  expect(scenariosOf({ scenarios: { ramp } }, { vus: 2, seconds: 5 })[0]).toMatchObject({ vusMax: 2, seconds: 5 })
  expect(() => scenariosOf({ scenarios: { odd: { executor: 'externally-controlled' } } }, {})).toThrow(/not known here/)
  expect(secondsOf('500ms')).toBe(0.5)
  expect(() => secondsOf('soon')).toThrow(/not a duration/)
})

test('thresholds are judged by the statistics they name', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  expect(['p(95)', 'p(99)', 'med', 'avg', 'min', 'max', 'count'].map((name) => statistic(name, hundred))).toEqual([
    95, 99, 50, 50.5, 1, 100, 5050,
  ])
  const tally = createTally()
  tally.add(
    [1, 1, 0, 1].map((value) => ({ metric: 'checks', value })),
    [],
  )
  expect(judge(tally, { checks: ['rate>=0.75', 'rate==1.0'] }).map(({ passed }) => passed)).toEqual([true, false])
  expect(() => judge(tally, { checks: ['mostly'] })).toThrow(/cannot be read/)
})
