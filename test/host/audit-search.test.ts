import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { newUuid } from '#base'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

/** Finding events again, and taking them along. */
let db: TestDatabase
const noon = Date.parse('2026-03-01T12:00:00Z')
const count = 30_000
beforeAll(async () => {
  db = await openTestDatabase()
  const entryOf = (n: number) => {
    const [code, outcome] = n % 100 === 0 ? ['staff.sign_in_refused', 'failure'] : ['players.viewed_masked', 'success']
    const at = new Date(noon + n * 1000)
    const actor = { id: `stf_${n % 7}`, kind: 'staff' }
    const subject = n % 100 === 0 ? 'unknown' : `plr_${n % 5}`
    const player = n % 100 === 0 ? {} : { player: subject }
    const reason = `=cmd|'/c calc'!A${n}`
    return {
      actor,
      at,
      code,
      id: newUuid(at.getTime()),
      outcome,
      ...player,
      reason,
      requestId: `req_${n}`,
      subject,
      version: 1,
    }
  }
  for (let from = 0; from < count; from += 10_000) {
    const entries = Array.from({ length: 10_000 }, (_, n) => JSON.stringify(entryOf(from + n)))
    await db.sql`select audit.append(entry, null) from unnest(${entries}::text[]) entry`
  }
})
afterAll(() => db.stop())

const find = async (wanted: audit.Wanted) =>
  (await audit.search(db.sql, { ...wanted, limit: 200 })).map((event) => event)

test('by player, staff, code, outcome, time, and by significance; newest first, page by page', async () => {
  expect((await find({ player: 'plr_3' })).every(({ player }) => player === 'plr_3')).toBe(true)
  expect((await find({ actor: 'stf_6' })).every(({ actor }) => actor.id === 'stf_6')).toBe(true)
  expect((await find({ code: 'staff.sign_in_refused' })).every(({ outcome }) => outcome === 'failure')).toBe(true)
  expect(await find({ outcome: 'denied' })).toEqual([])
  expect((await find({ significant: true })).every(({ code }) => code === 'staff.sign_in_refused')).toBe(true)
  const minute = await find({ from: new Date(noon + 60_000), to: new Date(noon + 120_000) })
  expect(minute).toHaveLength(60)
  expect(minute[0]!.at).toBe('2026-03-01T12:01:59.000Z')
  expect(minute.at(-1)!.at).toBe('2026-03-01T12:01:00.000Z')
  const first = await audit.search(db.sql, { actor: 'stf_1', limit: 10 })
  const next = await audit.search(db.sql, { actor: 'stf_1', limit: 10, before: first.at(-1)!.id })
  expect(new Set([...first, ...next].map(({ id }) => id)).size).toBe(20)
  expect([...first, ...next].map(({ at }) => at)).toEqual(
    [...first, ...next]
      .map(({ at }) => at)
      .sort()
      .reverse(),
  )
})

test('a search by any of them goes by an index', async () => {
  await db.admin`analyze audit.events`
  for (const wanted of [
    { player: 'plr_3' },
    { actor: 'stf_6' },
    { code: 'staff.sign_in_refused' },
    { subject: 'plr_3' },
  ]) {
    const [[name, value]] = Object.entries(wanted) as [[string, string]]
    const plan = await db.sql.unsafe(
      `explain select entry from audit.events where ${name} = '${value}' order by id desc limit 50`,
    )
    expect(JSON.stringify(plan), name).toMatch(/Index Scan/)
  }
})

test('as JSON lines each entry comes byte for byte; as CSV nothing is a formula; neither grows in memory', async () => {
  const read = async (format: audit.ExtractFormat) => {
    let largest = 0
    const parts: string[] = []
    for await (const part of audit.extract(db.sql, {}, format)) {
      largest = Math.max(largest, part.length)
      parts.push(part)
    }
    return { text: parts.join(''), largest }
  }
  const lines = await read('jsonl')
  const rows = await db.sql<Array<{ entry: string }>>`select entry from audit.events order by id`
  expect(lines.text).toBe(rows.map(({ entry }) => `${entry}\n`).join(''))
  expect(lines.largest).toBeLessThan(600_000)
  const sheet = await read('csv')
  expect(sheet.text.split('\r\n')).toHaveLength(count + 2)
  expect(sheet.text.split('\r\n')[1]).toMatch(
    /^2026-03-01T12:00:00.000Z,staff.sign_in_refused,failure,staff,stf_0,,unknown,,'=cmd/,
  )
  expect(sheet.largest).toBeLessThan(600_000)
})
