import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import * as audit from '#audit'
import { type JournalLine, shippedJournals } from '#keys'
import { shipJournal } from '../../../core/host/jobs/keys-journal.ts'
import { hashOfLine } from '../../../core/keys/journal.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'

/** The agent's journal reaches the audit log, each line once; what is done to it does not go unseen. */
let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

type Journal = { journal(after: number, limit: number): Promise<JournalLine[]> }

const ship = (keys: Journal, socket: string) =>
  shipJournal({
    sql: db.sql,
    keys: keys as never,
    now: () => new Date(),
    log: { error() {} } as never,
    config: { keys: { socket } },
  })
const told = async (action: audit.Code) =>
  (await audit.search(db.sql, { code: action, limit: 1000 }))
    .reverse()
    .map(({ detail }) => detail as Record<string, string>)
const numbers = async () => (await told('keys.journal')).map(({ number }) => Number(number))

test.each(testModules)(
  'on %s: [S48][S49] every act on keys becomes an audit event, once, however many workers there are',
  async (module) => {
    const agent = await startTestKeys({ module })
    onTestFinished(() => agent.stop())
    const already = (await numbers()).length
    const shipOwn = () => ship(agent.as('work'), module)
    const ops = agent.as('ops')
    await ops.activate((await ops.create('kek-pii')).key)
    await Promise.all([shipOwn(), shipOwn(), shipOwn()])
    const { key } = await ops.create('sk-token')
    await expect(ops.destroy('kek-pii-2')).rejects.toThrow()
    await Promise.all([shipOwn(), shipOwn()])
    const lines = await ops.journal(0, 1000)
    expect((await numbers()).slice(already)).toEqual(lines.map(({ number }) => number))
    expect((await told('keys.journal')).slice(-4)).toMatchObject([
      { operation: 'create', key, role: 'ops', outcome: 'begun' },
      { operation: 'create', key, role: 'ops', outcome: 'done', hash: lines.at(-3)?.hash },
      { operation: 'destroy', key: 'kek-pii-2', outcome: 'begun' },
      { operation: 'destroy', key: 'kek-pii-2', outcome: 'refused' },
    ])
    expect(await told('keys.journal_broken')).toEqual([])
  },
)

test('[S51] one that was cut, changed or replaced is told as broken, once, and then from its beginning', async () => {
  const lines = journalOf(12)
  const served = (of: readonly JournalLine[]): Journal => ({
    journal: async (after, limit) => of.slice(after, after + limit),
  })
  await ship(served(lines), 'there')
  const breaks = async () => (await told('keys.journal_broken')).length
  expect(await breaks()).toBe(0)

  const before = (await numbers()).length
  await ship(served(lines.slice(0, 5)), 'there') // cut
  expect(await breaks()).toBe(1)
  expect((await numbers()).length).toBe(before + 5)
  await ship(served(lines.slice(0, 5)), 'there')
  expect(await breaks()).toBe(1)

  const first = journalOf(4)
  await ship(served(first), 'yonder')
  await ship(served([...first, ...journalOf(8, first[2]).slice(1)]), 'yonder') // goes on from another line
  await ship(served([...first, ...journalOf(8, first[2]).slice(1)]), 'yonder')
  expect(await breaks()).toBe(2)

  await ship(served(journalOf(3)), 'there') // another one
  expect(await breaks()).toBe(3)
  await ship(served(journalOf(3)), 'elsewhere') // a second node is no replacement
  expect(await breaks()).toBe(3)
  expect((await shippedJournals(db.sql)).filter(({ brokenAt }) => brokenAt)).toHaveLength(3)
})

let salt = 0
/** Lines as an agent writes them, from the first or after a given one. */
function journalOf(count: number, after = { number: 0, hash: '0'.repeat(64) }): JournalLine[] {
  const lines: JournalLine[] = []
  for (let last = after; lines.length < count; last = lines.at(-1)!) {
    const line = {
      number: last.number + 1,
      at: new Date().toISOString(),
      role: 'ops',
      operation: 'create',
      key: `kek-pii-${++salt}`,
      outcome: 'done' as const,
      previous: last.hash,
    }
    lines.push({ ...line, hash: hashOfLine(line) })
  }
  return lines
}
