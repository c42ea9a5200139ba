import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dictionary } from '@zxcvbn-ts/language-common'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hashPassword, verifyPassword } from '#keys'
import * as players from '#players'
import { BreachLinesRefused, openBreachFile, writeBreachFile } from '../../../core/host/breach-file.ts'
import { isGuessable } from '../../../core/players/guessable.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
let dir: string
beforeAll(async () => {
  world = await openWorld()
  dir = mkdtempSync(join(tmpdir(), 'cr-passwords-'))
})
afterAll(async () => {
  await world.stop()
  rmSync(dir, { recursive: true })
})
afterEach(() => players.providePasswordScreen({ words: [], breaches: undefined }))

const about = { email: 'grace.hopper@navy.example', name: 'Grace Hopper' }
const judge = (password: string, secondFactor = false) =>
  players.judgePassword(world.sql, { password, about, secondFactor })
const code = (password: string, secondFactor = false) =>
  judge(password, secondFactor).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  )
const random = 'k7#wq2vT9z!mB4xR'

test.each([
  [7, true, 'players.password_too_short'],
  [8, true, 'taken'],
  [14, true, 'taken'],
  [15, true, 'taken'],
  [7, false, 'players.password_too_short'],
  [8, false, 'players.password_too_short'],
  [14, false, 'players.password_too_short'],
  [15, false, 'taken'],
])('[S01] of %i characters, with a second factor %s: %s', async (length, secondFactor, expected) => {
  expect(await code(random.slice(0, length), secondFactor)).toBe(expected)
})

test('[S01] one of eight characters does not stand alone, one of fifteen does; a code point counts once', async () => {
  expect(await judge(random.slice(0, 8), true)).toEqual({ standsAlone: false })
  expect(await judge(random.slice(0, 15), true)).toEqual({ standsAlone: true })
  expect(await code('🦊🐙🦉🐳🦔🐝🦎', true)).toBe('players.password_too_short') // 7, of two UTF-16 units each
  expect(await code('🦊🐙🦉🐳🦔🐝🦎🐌', true)).toBe('taken')
})

test('[S02] every common password of permitted length is refused, in any case and repeated', async () => {
  const long = dictionary['passwords-common'].filter((word) => [...word].length >= 8)
  expect(long.length).toBeGreaterThan(10_000)
  const taken: string[] = []
  for (const word of long) if (!(await isGuessable(word, []))) taken.push(word)
  expect(taken).toEqual([])
  for (const word of long.filter((_, index) => index % 100 === 0))
    expect(await code(word, true), word).toBe('players.password_weak')
  for (const word of [
    'PassWord1',
    'ｐａｓｓｗｏｒｄ１',
    'letmeinletmeinletmein',
    'aaaaaaaaaaaaaaaaaaaaaa',
    '123456789012345678',
    'qwertyuiopasdfg',
    'zyxwvutsrqponmlkj',
  ])
    expect(await code(word, true), word).toBe('players.password_weak')
})

test('[S02] words about the person, the casino and its games do not make a password', async () => {
  players.providePasswordScreen({ words: ['Countroom', 'Roulette'], breaches: undefined })
  for (const word of ['grace.hopper-1906', 'Hopper1234567', 'countroom-2026', 'roulette+hopper', 'navy-navy-navy-1'])
    expect(await code(word, true), word).toBe('players.password_weak')
  expect(await code('hopper counts her nanoseconds')).toBe('taken')
})

test('[S03] nothing else is asked of it', async () => {
  for (const word of [
    ' '.repeat(64),
    '🦊🐙🦉🐳🦔🐝🦎🐌🦊🦊🐙🐙🦉🦉🐳🐳',
    '518203947716283',
    'привет из далёкой страны',
    'kein sonderzeichen',
  ])
    expect(await code(word), word).toBe('taken')
})

test('[S04] it is compared whole, in its case, and in one form of Unicode', async () => {
  const { keys } = world.agent
  const long = random.repeat(4)
  const hash = await hashPassword(keys, long)
  expect(await code(long)).toBe('taken')
  expect(await verifyPassword(keys, long, hash)).toBe(true)
  expect(await verifyPassword(keys, `${long.slice(0, -1)}S`, hash)).toBe(false)
  expect(await verifyPassword(keys, long.toUpperCase(), hash)).toBe(false)
  expect(await verifyPassword(keys, `${long} `, hash)).toBe(false)
  const composed = await hashPassword(keys, 'Zoë und Amélie im Café'.normalize('NFC'))
  expect(await verifyPassword(keys, 'Zoë und Amélie im Café'.normalize('NFD'), composed)).toBe(true)
})

describe('the operator’s list of stolen passwords', () => {
  const sha1 = (text: string) => createHash('sha1').update(text).digest()
  const lines = (words: string[], count = 3) =>
    words.map((word) => `${sha1(word).toString('hex').toUpperCase()}:${count}`).sort()
  async function* chunks(text: string, size = 1000) {
    for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size))
  }
  const write = (name: string, text: string, countMin = 1) => writeBreachFile(join(dir, name), chunks(text), countMin)

  test('[S02] what is on it is refused, and nothing else', async () => {
    const stolen = 'zebra quilt harbour 77'
    await write('small', `${lines([stolen, 'another one entirely']).join('\r\n')}\r\n`)
    const breaches = openBreachFile(join(dir, 'small'))
    players.providePasswordScreen({ words: [], breaches })
    expect(await code(stolen)).toBe('players.password_breached')
    expect(await code(`${stolen}8`)).toBe('taken')
    breaches.close()
  })

  test('everything on a long one is found, what is beside it is not, spread evenly or not', async () => {
    const words = Array.from({ length: 60_000 }, (_, number) => `word ${number}`)
    const crowded = Array.from({ length: 5000 }, (_, number) => `ab${number.toString(16).padStart(38, '0')}:1`)
    const text = [...lines(words), ...crowded]
      .map((line) => line.toLowerCase())
      .sort()
      .join('\n')
    expect(await write('long', text)).toBe(60_001) // of the crowded ones the first ten bytes are the same
    const list = openBreachFile(join(dir, 'long'))
    expect(words.filter((word) => !list.has(sha1(word)))).toEqual([])
    expect(words.filter((word) => list.has(sha1(`${word}?`)))).toEqual([])
    expect(list.has(Buffer.from(crowded[17]!.slice(0, 40), 'hex'))).toBe(true)
    expect([Buffer.alloc(20), Buffer.alloc(20, 255)].map((each) => list.has(each))).toEqual([false, false])
    list.close()
  })

  test.each([
    ['no hash at all', 'hello:3'],
    ['out of order', `${'b'.repeat(40)}:1\n${'a'.repeat(40)}:1`],
    ['a line without end', 'a'.repeat(5000)],
  ])('%s is refused, and what was there stays', async (_, text) => {
    await write('kept', lines(['one']).join('\n'))
    await expect(write('kept', text)).rejects.toThrow(BreachLinesRefused)
    const list = openBreachFile(join(dir, 'kept'))
    expect([list.count, list.has(sha1('one'))]).toEqual([1, true])
    list.close()
    expect(readdirSync(dir).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  test('only what was seen often enough is taken; an empty list refuses nothing', async () => {
    expect(await write('often', [...lines(['one'], 2), ...lines(['two'], 9)].sort().join('\n'), 5)).toBe(1)
    expect(await write('empty', '')).toBe(0)
    const list = openBreachFile(join(dir, 'empty'))
    expect(list.has(sha1('one'))).toBe(false)
    list.close()
  })
})
