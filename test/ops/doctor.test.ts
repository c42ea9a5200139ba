import { rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { check, listed } from '../../ops/check/check.ts'
import { checks } from '../../ops/doctor/checks.ts'
import { examine } from '../../ops/doctor/examine.ts'
import { arrive, depositByCard, openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { countroom } from './command.ts'
import { type Fault, faultsOf } from './faults.ts'

/** For each check: plant its fault, see that one named and no other, undo, see all green again. */
const home = newHome('small')
let appliance: Appliance
let faults: Record<string, Fault>
let minutesAhead = 0 // some things are forgotten only with time

beforeAll(async () => {
  appliance = await startAppliance({ home, freePorts: true })
  const player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  await arrive(player, appliance.urls)
  await depositByCard(player, '50.00') // books and a log that have something in them
  await player.close()
  faults = faultsOf(appliance)
  expect(await unsound()).toEqual([])
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('every check has a fault here, and every fault a check', () => {
  expect(Object.keys(faults).sort()).toEqual(checks.map((check) => check.id).sort())
})

test('who books money and backs nothing up is warned', async () => {
  const found = (await lookWhole()).filter(({ severity }) => severity !== 'sound')
  expect(found).toMatchObject([{ id: 'backups', severity: 'warning', evidence: expect.stringMatching(unkept) }])
})

// Before any fault is planted: what ended is remembered for minutes.
test('every check for Nagios can be made of a sound appliance, numbers with performance data, and crosses its threshold', {
  timeout: 150_000,
}, async () => {
  for (const { name, warning } of listed) {
    // Some tell what the worker does once a minute.
    const verdict = await until(
      `${name} to be well`,
      async () => {
        const each = await check(viewHome(home), name)
        return ['OK', 'WARNING'].includes(each.state) ? each : undefined
      },
      90,
    )
    expect(verdict.name).toBe(name)
    expect(verdict.performance, name).toHaveLength(1)
    if (warning === undefined) continue
    const crossed = await check(viewHome(home), name, { critical: '@~:1000000000' })
    expect([name, crossed.state]).toEqual([name, 'CRITICAL'])
  }
})

test.each(checks.map((check) => check.id))('%s: its fault is named alone, with a remedy, and goes', async (id) => {
  const fault = faults[id]!
  const undo = await fault.plant()
  try {
    const findings = await look()
    const named = findings.filter(
      ({ severity, evidence }) => severity !== 'sound' && !/^cannot be judged before/.test(evidence),
    )
    expect(named.map((finding) => finding.id)).toEqual([id])
    expect(named[0]?.severity).toBe(fault.severity ?? 'broken')
    expect(named[0]?.evidence).toMatch(fault.evidence)
    expect(named[0]?.remedy).toMatch(fault.remedy)
  } finally {
    await undo()
  }
  minutesAhead += fault.minutesAfter ?? 0
  await until(`${id} to be sound again`, async () => ((await unsound()).length === 0 ? true : undefined))
})

test('the doctor changes nothing: a migration that is missing is named and not made', async () => {
  const sql = connect(viewHome(home), 'admin')
  const [row] = await sql`delete from base.migrations where room = 'licences' and number = 1 returning *`
  const [finding] = (await look()).filter(({ id }) => id === 'postgres.schema')
  const [after] = await sql`select from base.migrations where room = 'licences' and number = 1`
  await sql`insert into base.migrations ${sql(row as Record<string, string>)}`
  await sql.end()
  expect(finding).toMatchObject({ severity: 'broken', evidence: 'not applied yet: licences/0001_licences.sql' })
  expect(after).toBeUndefined()
})

test('a fault of the audit log that was found is told by doctor, status and the worker’s metric until all of it is proven, though nothing shows it any more [S51] [GLI-2.8.8g]', async () => {
  const sql = connect(viewHome(home), 'admin')
  const sound = async () => {
    const metrics = await fetch(`http://127.0.0.1:${appliance.card().ports.workMetrics}/metrics`)
    return /^countroom_audit_proof_sound (\d)$/m.exec(await metrics.text())?.[1]
  }
  const edit = (change: string) =>
    sql.unsafe(`update audit.events set entry = ${change} where id = (select min(id::text)::uuid from audit.events)`)
  try {
    expect((await countroom(home, ['verify', 'audit'])).code).toBe(0)
    expect(await sound()).toBe('1')
    await edit(`entry || ' '`)
    const spoilt = await countroom(home, ['verify', 'audit'])
    expect(spoilt).toMatchObject({ code: 1, out: expect.stringMatching(/FAILED .*its entry was changed/) })
    await edit('rtrim(entry)')
    const events = await sql`select subject from audit.events where code = 'audit.proof_failed'`
    expect(events).toEqual([{ subject: 'log' }])
    expect(await sound()).toBe('0')
    const findings = (await look()).filter(({ severity }) => severity !== 'sound')
    expect(findings).toMatchObject([
      { id: 'audit', severity: 'broken', evidence: expect.stringContaining('its entry was changed') },
    ])
    const status = await countroom(home, ['status'])
    expect(status).toMatchObject({ code: 2, out: expect.stringContaining('THE AUDIT LOG IS NOT WHAT WAS SIGNED') })
    expect((await countroom(home, ['verify', 'audit'])).code).toBe(0)
    expect([await sound(), await unsound()]).toEqual(['1', []])
    expect((await countroom(home, ['status'])).out).toContain('Audit log sound')
  } finally {
    await sql.end()
  }
}, 120_000)

test('a certificate grows old by the clock alone: first it is late, then it has ended', async () => {
  const at = async (days: number) => {
    const then = new Date(Date.now() + days * 86_400_000)
    return (await examine(viewHome(home), then)).find(({ id }) => id === 'certificates')
  }
  utimesSync(
    join(home, 'tls/revoked.pem'),
    new Date(Date.now() + 5.9 * 86_400_000),
    new Date(Date.now() + 5.9 * 86_400_000),
  )
  const late = await at(6)
  expect(late).toMatchObject({ severity: 'warning', remedy: expect.stringMatching(/pki renew/) })
  expect(late?.evidence).toMatch(/core-1\.pem ends in 0 days and was not renewed/)
  utimesSync(join(home, 'tls/revoked.pem'), new Date(), new Date())
  const ended = await at(8)
  expect(ended?.severity).toBe('broken')
  expect(ended?.evidence).toMatch(/core-1\.pem has ended.*revoked\.pem was written 19\d hours ago and has ended/)
})

test('a key that was to be rotated turns health yellow by the clock alone [S38]', async () => {
  const inFourHundredDays = new Date(Date.now() + 400 * 86_400_000)
  const finding = (await examine(viewHome(home), inFourHundredDays)).find(({ id }) => id === 'keys.rotation')
  expect(finding?.severity).toBe('warning')
  expect(finding?.evidence).toMatch(/kek-pii-1 was to be rotated before \d{4}-\d\d-\d\d/)
  expect(finding?.remedy).toMatch(/npx countroom keys rotate kek-pii/)
})

/** But for what is true of this home all the time: there is money in it, and nobody backs it up. */
async function look() {
  return (await lookWhole()).filter(({ evidence }) => !unkept.test(evidence))
}

const unkept = /^none are made: what happens to this disk happens to the money of players$/

function lookWhole() {
  return examine(viewHome(home), new Date(Date.now() + minutesAhead * 60_000))
}

async function unsound(): Promise<string[]> {
  return (await look()).filter(({ severity }) => severity !== 'sound').map(({ id, evidence }) => `${id}: ${evidence}`)
}
