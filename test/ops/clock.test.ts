import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import type { Host } from '../../core/host/host.ts'
import { createLog } from '../../core/host/log.ts'
import { watchTimeSource } from '../../core/host/time-source.ts'
import { keepClock, readClock } from '../../ops/appliance/clock.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { clockSource } from '../../ops/doctor/clock.ts'
import type { Probe } from '../../ops/doctor/finding.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

/** The clock against its time source, by a program in chronyc's place that says what chrony 4 says (`chronyc -c tracking`, positive: slow). */
const dir = mkdtempSync(join(tmpdir(), 'cr-clock-'))
const home = viewHome(dir)
const path = process.env.PATH
let db: TestDatabase
let now = new Date()
let host: Host
beforeAll(async () => {
  mkdirSync(home.path('run'))
  db = await openTestDatabase()
  host = {
    sql: db.sql,
    log: createLog('test', 'silent'),
    now: () => now,
    config: { name: 'work-9' },
  } as unknown as Host
})
afterAll(async () => {
  process.env.PATH = path
  rmSync(dir, { recursive: true, force: true })
  await db.stop()
})

function chronyc(script: string): void {
  writeFileSync(join(dir, 'chronyc'), `#!/bin/sh\n[ "$*" = "-c tracking" ] || exit 9\n${script}\n`)
  chmodSync(join(dir, 'chronyc'), 0o755)
  process.env.PATH = `${dir}:${path}`
}
const tracking = (behind: string, leap = 'Normal', reference = 'C0000201') =>
  chronyc(
    `echo '${reference},192.0.2.1,3,1795000000.123456789,${behind},0.000012345,0.000023456,-12.345,0.001,0.123,0.012345678,0.000456789,64.2,${leap}'`,
  )
/** One round as in life: the starter measures and keeps, the worker looks. */
async function round(watch: { look(): Promise<void> }): Promise<void> {
  await keepClock(home, {}).stop()
  now = new Date()
  await watch.look()
}
const told = () => audit.search(db.sql, { code: 'host.clock_skewed', limit: 10 })
const metric = async (name: string) => (await register.getSingleMetric(`countroom_clock_${name}`)!.get()).values
const doctor = () => clockSource.look({ now: new Date() } as Probe)

test('499 ms from the time source is no alarm; 501 ms is a significant event, once, a metric, and broken to the doctor [GLI-2.2.1] [GLI-2.2.2] [GLI-2.8.8j]', async () => {
  const watch = watchTimeSource(host, home.path('run/work-9.json'))
  await watch.look()
  expect(await metric('offset_seconds')).toEqual([])
  tracking('0.499000000')
  await round(watch)
  expect(await told()).toEqual([])
  expect(await metric('offset_seconds')).toMatchObject([{ value: -0.499 }])
  expect(await metric('synchronised')).toMatchObject([{ value: 1 }])
  expect(await doctor()).toMatchObject({ severity: 'sound', evidence: expect.stringContaining('499 ms behind') })

  tracking('0.501000000')
  await round(watch)
  await round(watch)
  expect(await metric('offset_seconds')).toMatchObject([{ value: -0.501 }])
  const [event, ...more] = await told()
  expect(event?.detail).toMatchObject({ process: 'work-9', milliseconds: -501, against: 'time source' })
  expect(more).toEqual([])
  expect(audit.significantCodes).toContain('host.clock_skewed')
  expect(await doctor()).toMatchObject({ severity: 'broken', evidence: expect.stringContaining('501 ms behind') })

  tracking('-0.000100000')
  await round(watch)
  tracking('-0.600000000')
  await round(watch)
  watch.close()
  expect((await told()).map(({ detail }) => detail?.milliseconds)).toEqual([600, -501])

  now = new Date(Date.now() + 600_000) // nobody has measured for ten minutes
  expect(await metric('offset_seconds')).toEqual([])
  expect(await metric('synchronised')).toEqual([])
})

test('a clock that no server holds is told, and what cannot be measured is called so', async () => {
  tracking('0.000000000', 'Not synchronised', '00000000')
  expect(await readClock()).toMatchObject({ synchronised: false, offsetSeconds: -0 })
  expect(await doctor()).toMatchObject({ severity: 'warning' })

  chronyc('echo "506 Cannot talk to daemon"; exit 1')
  expect(await readClock()).toMatchObject({ unmeasured: 'chronyc: 506 Cannot talk to daemon' })
  chronyc('echo hello')
  expect(await readClock()).toMatchObject({ unmeasured: expect.stringContaining('hello') })
  process.env.PATH = join(dir, 'run')
  expect(await readClock()).toMatchObject({ unmeasured: 'there is no chronyc on this machine' })
  expect(await doctor()).toMatchObject({ severity: 'sound', evidence: expect.stringContaining('not measured') })
  await keepClock(home, {}).stop()
  expect(JSON.parse(readFileSync(home.path('run/clock.json'), 'utf8'))).toHaveProperty('unmeasured')
})
