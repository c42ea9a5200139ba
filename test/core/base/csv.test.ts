import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvLine } from '#base'
import { cellsOf } from '../../support/csv.ts'

test('any text is read back as it was, or behind an apostrophe where a spreadsheet would run it', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '"', ',', '\r', '\n', '\t', ' ', 'a', '＝') }),
  )
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (texts) => {
      for (const [index, cell] of cellsOf(csvLine(texts)).entries()) {
        expect([texts[index], `'${texts[index]}`]).toContain(cell)
        expect(cell.trimStart()).not.toMatch(/^[=+\-@＝＋－＠]/)
      }
    }),
    { numRuns: 500 },
  )
})

test('numbers stay numbers, negative ones too; instants are UTC; nothing is empty', () => {
  const at = new Date('2026-03-29T02:30:00+02:00')
  expect(csvLine([at, 12n, -3, { decimal: '-0.05' }, null, '-5', '=1+1', 'a,"b"'])).toBe(
    `2026-03-29T00:30:00.000Z,12,-3,-0.05,,'-5,'=1+1,"a,""b"""\r\n`,
  )
})
