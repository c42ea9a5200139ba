import { describe, expect, test } from 'vitest'
import { type Language, languages, preferredLanguage, render, templateOf, templates } from '#messages'

const names = Object.keys(templates)
const each = names.flatMap((name) => languages.map((language) => [name, language] as const))

const common = { name: 'Ada <b>Lovelace</b>', brand: 'Casino & Co' }
const valuesFor = (name: string, value: (key: string) => string) =>
  Object.fromEntries(templateOf(name)!.values.map((key) => [key, value(key)]))

describe.each(each)('%s in %s', (name, language) => {
  test('says every value, in text and in HTML', () => {
    const values = valuesFor(name, (key) => `value of ${key}`)
    const { text, html, subject } = render(templateOf(name)!, language, values, common)
    for (const value of Object.values(values)) expect(text).toContain(value)
    expect(text).not.toMatch(/undefined|\[object/)
    if (templateOf(name)!.channel === 'sms') {
      expect([...text].length).toBeLessThanOrEqual(160)
      return
    }
    expect(subject.length).toBeGreaterThan(5)
    // Where the address may be anybody's, the name is anybody's words: a registration is no way to write to strangers.
    expect(text.includes(common.name)).toBe(!['confirm_email', 'email_change'].includes(name))
    expect(html).toContain(`<html lang="${language}">`)
    for (const value of Object.values(values)) expect(html).toContain(value)
  })

  test('a hostile value stays a value: no header, no element, no other line', () => {
    const hostile = 'x\r\nBcc: all@example.com\r\n\r\n<img src=x onerror=alert(1)>\u202e"&'
    const { text, html, subject } = render(
      templateOf(name)!,
      language,
      valuesFor(name, () => hostile),
      {
        name: hostile,
        brand: 'Casino',
      },
    )
    expect(subject).not.toMatch(/[\r\n]|Bcc/)
    expect(html).not.toContain('<img')
    expect(text).not.toMatch(/\r|\u202e|^Bcc/m)
  })
})

test('no two languages share their words', () => {
  for (const name of names) {
    const texts = languages.map((language) => render(templateOf(name)!, language, {}, { name: '', brand: '' }).text)
    expect(new Set(texts).size, name).toBe(languages.length)
  }
})

test.each<[string | undefined, Language]>([
  ['de-AT,de;q=0.9,en;q=0.8', 'de'],
  ['nl, fr;q=0.4, es;q=0.7', 'es'],
  ['en;q=0, fr', 'fr'],
  ['*', 'en'],
  [undefined, 'en'],
  ['\u0000;;q=q,,', 'en'],
])('of %s we write %s', (header, language) => {
  expect(preferredLanguage(header, 'en')).toBe(language)
})
