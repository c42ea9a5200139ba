import { expect, test } from 'vitest'
import { normaliseEmail } from '#keys'

/** Addresses that look like others: one spelling, or another address, or none; never two accounts for one mailbox. */
test.each([
  ['Ada@Example.COM', 'ada@example.com'],
  ['ＡＤＡ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ada@example.com'],
  ['ada@example。com', 'ada@example.com'],
  [' ada@example.com ', 'ada@example.com'],
  ['ﬁona@example.com', 'fiona@example.com'],
  ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['ada@BU\u0308CHER.example', 'ada@xn--bcher-kva.example'],
  ['ada@еxample.com', 'ada@xn--xample-2of.com'], // a Cyrillic letter: another domain, and it shows
  ['ada+casino@example.com', 'ada+casino@example.com'],
])('%s is %s', (text, address) => {
  expect(normaliseEmail(text)).toBe(address)
})

test.each([
  ['a Cyrillic letter in the name', 'аda@example.com'],
  ['a Greek one', 'adα@example.com'],
  ['a dotless i', 'ıda@example.com'],
  ['a zero-width joiner', 'a\u200dda@example.com'],
  ['a zero-width space in the domain', 'ada@exam\u200bple.com'],
  ['a soft hyphen in the domain', 'ada@exam\u00adple.com'],
  ['a writing turned around', 'ada\u202e@example.com'],
  ['a byte order mark inside', 'ada@\ufeffexample.com'],
  ['a variation selector', 'ada\ufe0f@example.com'],
  ['a header', 'ada@example.com\r\nBcc: all@example.com'],
  ['a null', 'ada\u0000@example.com'],
  ['a lone surrogate', 'ada\ud800@example.com'],
  ['two addresses', 'ada@example.com, eve@example.com'],
  ['two signs', 'ada@eve@example.com'],
  ['a small sign that folds to @', 'ada﹫eve@example.com'],
  ['an address of numbers', 'ada@[127.0.0.1]'],
  ['no domain to speak of', 'ada@localhost'],
  ['a path', 'ada@example.com/../x'],
  ['a port', 'ada@example.com:25'],
  ['a query', 'ada@example.com?x'],
  ['an escape', 'ada@ex%61mple.com'],
  ['a backslash', 'ada@example.com\\x'],
  ['a name that is too long', `${'a'.repeat(65)}@example.com`],
])('%s is no address', (_, text) => {
  expect(() => normaliseEmail(text)).toThrow(expect.objectContaining({ code: 'keys.email_malformed' }))
})
