import fc from 'fast-check'
import { expect, test } from 'vitest'
import { depthOf, hasDuplicateMember, refuseAmbiguousJson } from '../../core/host/middleware/body.ts'

test('no document that a serialiser writes names a member twice', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      expect(hasDuplicateMember(JSON.stringify(value, null, indent))).toBe(false)
    }),
  )
})

test('a member named twice is found, however it is spelled and wherever it stands', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"x":[{"b":{},"c":"}{,","b":1}]}',
    '{"a":"\\"","a":1}',
    '{"":1, "":2}',
    '{"__proto__":1,"__proto__":2}',
  ])
    expect(hasDuplicateMember(text), text).toBe(true)
})

test('equal names in different objects, and equal values, are no duplicates', () => {
  for (const text of ['{"a":{"a":1}}', '[{"a":1},{"a":1}]', '{"a":"a","b":"a"}', '["a","a"]', '"a"', '{}'])
    expect(hasDuplicateMember(text), text).toBe(false)
})

test('what is nested deeper than any request is refused in words, not at the end of somebody’s stack', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
  expect(() => refuseAmbiguousJson(nested(31))).not.toThrow()
  for (const depth of [32, 1000, 30_000])
    expect(() => refuseAmbiguousJson(nested(depth))).toThrow(expect.objectContaining({ code: 'request.too_deep' }))
  expect(depthOf('{"[[[[": "{{{{\\"[[["}'), 'what stands in a text does not count').toBe(1)
  expect(depthOf('"a"')).toBe(0)
})
