import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

const root = join(import.meta.dirname, '../../..')
const readme = readFileSync(join(root, 'core/audit/README.md'), 'utf8')
const sources = ['core', 'ops']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter(
    (file) =>
      /\.(ts|sql)$/.test(file) &&
      !file.endsWith('/errors.ts') &&
      !file.startsWith('core/audit/catalogue/') &&
      !file.includes('web/browser'),
  )
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n')

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

test('GLI-19’s register of significant events has a code for each of its letters [GLI-2.8.8]', () => {
  const letters = Object.values<audit.Kind>(audit.catalogue).map(({ gli }) => gli)
  const register = [...'abcdefghijklmop', 'n-i', 'n-ii', 'n-iii', 'n-iv', 'n-v'].filter((letter) => letter !== 'n')
  expect(register.filter((letter) => !letters.includes(letter))).toEqual([])
})

test('every code is written somewhere, or stands in the room’s page as waiting for its room, and none does both', () => {
  const reserved = new Set(
    readme
      .split('## Codes that wait')[1]
      ?.match(/`[a-z]+\.[a-z_]+`/g)
      ?.map((code) => code.slice(1, -1)),
  )
  const unused = Object.keys(audit.catalogue).filter((code) => !isWritten(code))
  expect(unused.filter((code) => !reserved.has(code))).toEqual([])
  expect([...reserved].filter((code) => !audit.kindOf(code) || sources.includes(`'${code}'`))).toEqual([])
})

/** As a literal, or by a template that ends in one of its words. */
function isWritten(code: string): boolean {
  const stem = code.replace(/[a-z]+$/, '')
  return sources.includes(`'${code}'`) || sources.includes(`\`${stem}\${`)
}

const money = { player: 'plr_x', amount: 5n, currency: 'EUR' }
const unfit: Array<[what: string, entry: audit.Entry, objection: RegExp]> = [
  ['no such code', { action: 'players.invented' as audit.Code, subject: 'x' }, /no code players.invented/],
  [
    'the name of something every object has',
    { action: 'constructor' as audit.Code, subject: 'x' },
    /no code constructor/,
  ],
  [
    'a field that is not in the catalogue',
    { action: 'staff.signed_in', subject: 'x', detail: { shoe: 1 } },
    /no field shoe/,
  ],
  ['a field that is missing', { action: 'staff.enrolled', subject: 'x' }, /field role is missing/],
  ['a field of another type', { action: 'staff.enrolled', subject: 'x', detail: { role: 7 } }, /role is no text/],
  [
    'an amount that is a float',
    { action: 'cashier.deposit_asked', subject: 'x', detail: { ...money, amount: 0.5 } },
    /amount is no amount/,
  ],
  [
    'an instant that is none',
    { action: 'protection.cool_off', subject: 'x', detail: { until: 'soon' } },
    /until is no instant/,
  ],
  [
    'a change without what was before',
    { action: 'players.suspended', subject: 'x', after: { status: 'suspended' } },
    /stand together/,
  ],
  ['changed data without the change', { action: 'players.suspended', subject: 'x' }, /what changed is missing/],
  [
    'a change of something else',
    { action: 'players.suspended', subject: 'x', ...audit.changed({ name: 'a' }, { name: 'b' }) },
    /name is nothing that changes/,
  ],
  [
    'a personal part where there is none',
    { action: 'staff.signed_in', subject: 'x', personal: { name: 'Ada' } },
    /nothing personal/,
  ],
]
test.each(unfit)('%s is not written, and the action does not happen [S48]', async (_, entry, objection) => {
  const act = db.sql.begin(async (tx) => {
    await tx`insert into base.events (id, name, subject, payload) values ('evt_x', 'acted', 'x', '{}')`
    await audit.record(tx, systemCommand('test'), entry)
  })
  await expect(act).rejects.toThrow(objection)
  const [row] = await db.sql`select (select count(*) from base.events) + (select count(*) from audit.events) as count`
  expect(Number(row?.count)).toBe(0)
})

test('a state is written down when it is another than it was, once however many notice', async () => {
  const note = (version: string) =>
    db.sql.begin((tx) =>
      audit.recordState(tx, systemCommand('test'), {
        action: 'host.configuration_changed',
        subject: 'core-1',
        state: { version, configuration: 'c' },
      }),
    )
  expect(await Promise.all([note('1'), note('1'), note('1')])).toEqual(expect.arrayContaining([true, false, false]))
  expect(await note('1')).toBe(false)
  expect(await note('2')).toBe(true)
  const [last] = await audit.search(db.sql, { code: 'host.configuration_changed', limit: 1 })
  expect(last).toMatchObject({ before: { version: '1' }, after: { version: '2', configuration: 'c' } })
})
