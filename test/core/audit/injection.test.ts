import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

const nasty: Array<[name: string, text: string]> = [
  ['CR and LF', 'before\r\n{"code":"players.registered"}\nafter'],
  ['NUL', 'before\0after'],
  ['ANSI escapes', '\u001b[2J\u001b[1;31mred\u009b0m'],
  ['quotes and backslashes', '"}],"\\\'"; drop table audit.events; --'],
  ['bidirectional controls', 'user\u202e\u2066txt.exe\u2069\u200f'],
  ['separators of lines and paragraphs', 'one\u2028two\u2029three\u0085four\u000bfive\u000csix'],
  ['lone surrogates', 'high \ud800 low \udfff pair \ud83c\udfb0'],
  ['what cannot be seen', 'a\u200bb\u00adc\ufeffd\u2060e\u180ef\u{e0001}\u{e0067}'],
  ['a very long value', 'long\n'.repeat(20_000)],
  ['nothing', ''],
]
/** Everything a reader of the log could take for an end of line, a colour, or a change of direction. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

test.each(nasty)('%s through every field makes one entry of one line that can be parsed [S50]', async (_, text) => {
  const subject = `${text} subject`
  const command = {
    actor: { kind: 'staff' as const, id: text, address: text },
    now: new Date(),
    requestId: text,
  }
  await db.sql.begin((tx) =>
    audit.record(tx, command, {
      action: 'cashier.event_mismatch',
      subject,
      player: text,
      reason: text,
      detail: { gateway: text, event: text, type: text },
    }),
  )
  const rows = await db.sql<Array<{ entry: string; subject: string }>>`
    select entry, subject from audit.events order by id desc limit 1`
  const { entry, subject: column } = rows[0]!
  expect(entry).not.toMatch(unprintable)
  expect(Buffer.byteLength(entry)).toBeLessThanOrEqual(65_535)
  const event = JSON.parse(entry) as audit.AuditEvent
  expect(event).toMatchObject({ code: 'cashier.event_mismatch', actor: { kind: 'staff' }, subject: column })
  expect(Object.keys(event).sort()).toEqual(expect.arrayContaining(['actor', 'at', 'code', 'detail', 'id', 'subject']))
  if (text.length <= 4000 && text.isWellFormed() && !text.includes('\0') && text) {
    expect(event.reason).toBe(text)
    expect(event.detail).toEqual({ gateway: text, event: text, type: text })
  }
  if (text.includes('\0')) expect(event.reason).toBe('before\ufffdafter')
  if (!text.isWellFormed()) expect(event.reason).toBe('high \ufffd low \ufffd pair 🎰')
  if (text.length > 4000) expect(event.reason).toMatch(/…\s\(100000 characters\)$/)
  expect((await audit.verify(db.sql)).ok).toBe(true)
})

test('names cannot smuggle anything in either', async () => {
  const command = { actor: { kind: 'system' as const, id: 'test' }, now: new Date(), requestId: '' }
  const versions = { 'a\n"b\u202e': 'x', __proto__: 'y', constructor: 'z' }
  await db.sql.begin((tx) =>
    audit.record(tx, command, { action: 'ledger.statement_exported', subject: 'x', detail: { versions } }),
  )
  const [row] = await db.sql<Array<{ entry: string }>>`select entry from audit.events order by id desc limit 1`
  expect(row!.entry).not.toMatch(unprintable)
  expect((JSON.parse(row!.entry) as audit.AuditEvent).detail).toEqual({
    versions: { 'a\n"b\u202e': 'x', constructor: 'z' },
  })
})

test('an event that is too large for a leaf is refused, not cut', async () => {
  const command = { actor: { kind: 'system' as const, id: 'test' }, now: new Date(), requestId: '' }
  const versions = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`v${n}`, 'x'.repeat(3000)]))
  const act = db.sql.begin((tx) =>
    audit.record(tx, command, { action: 'ledger.statement_exported', subject: 'x', detail: { versions } }),
  )
  await expect(act).rejects.toThrow(/larger than 65535 bytes/)
})
