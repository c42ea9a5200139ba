import { rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { checks } from '../../ops/doctor/checks.ts'
import { examine } from '../../ops/doctor/examine.ts'
import { arrive, depositByCard, openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'

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

test.each(checks.map((check) => check.id))('%s: its fault is named alone, with a remedy, and goes', async (id) => {
  const fault = faults[id]!
  const undo = await fault.plant()
  try {
    const findings = await look()
    const broken = findings.filter(({ severity }) => severity === 'broken')
    expect(broken.map((finding) => finding.id)).toEqual([id])
    expect(broken[0]?.evidence).toMatch(fault.evidence)
    expect(broken[0]?.remedy).toMatch(fault.remedy)
    for (const { severity, evidence } of findings)
      if (severity === 'warning') expect(evidence).toMatch(/^cannot be judged before/)
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

function look() {
  return examine(viewHome(home), new Date(Date.now() + minutesAhead * 60_000))
}

async function unsound(): Promise<string[]> {
  return (await look()).filter(({ severity }) => severity !== 'sound').map(({ id, evidence }) => `${id}: ${evidence}`)
}
