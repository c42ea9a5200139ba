import { afterAll, beforeAll, expect, test } from 'vitest'
import * as factors from '#factors'
import { base32, hotp, stepOf } from '../../../core/factors/totp.ts'
import { codeNow } from '../../support/authenticator.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const seed = Buffer.from('12345678901234567890')

test('the values of RFC 4226, appendix D', () => {
  const expected = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
  expect(expected.map((_, counter) => hotp(seed, counter))).toEqual(expected)
})

test('the values of RFC 6238, appendix B', () => {
  const seeds = {
    sha1: seed,
    sha256: Buffer.from('12345678901234567890123456789012'),
    sha512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
  }
  const table: Array<[seconds: number, sha1: string, sha256: string, sha512: string]> = [
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ]
  for (const [seconds, ...codes] of table)
    expect(
      (['sha1', 'sha256', 'sha512'] as const).map((hash) =>
        hotp(seeds[hash], Math.floor(seconds / 30), { digits: 8, hash }),
      ),
    ).toEqual(codes)
})

test('the values of RFC 4648, section 10', () => {
  const table = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' }
  for (const [plain, coded] of Object.entries(table)) expect(base32(Buffer.from(plain))).toBe(coded)
})

test('a code is good from the first to the last millisecond of its 30 seconds, and in no other [S13]', () => {
  const step = 57_000_000
  const begin = step * 30_000
  const code = hotp(seed, step)
  const skews: Array<[ms: number, window: number, good: boolean]> = [
    [-1, 0, false],
    [0, 0, true],
    [29_999, 0, true],
    [30_000, 0, false],
    [-1, 1, true],
    [-30_001, 1, false],
    [59_999, 1, true],
    [60_000, 1, false],
  ]
  for (const [ms, window, good] of skews)
    expect(stepOf(seed, code, new Date(begin + ms), window), `${ms} ms, window ${window}`).toBe(good ? step : undefined)
  for (const odd of ['', '12345', '1234567', ' 755224', '٧٥٥٢٢٤', '7552e2', '-55224'])
    expect(stepOf(seed, odd, new Date(0), 0)).toBeUndefined()
})

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 27, 12, 0, seconds))
const codeAt = (secret: string, now: Date) => codeNow(secret, now.getTime())

test('an app counts once its first code was right, and not before', async () => {
  const { player: holder } = await world.player()
  const { factor, secret, uri } = await offer(holder)
  expect(uri).toBe(
    `otpauth://totp/Countroom%20%26%20Co:ada%40example.com?secret=${secret}&issuer=Countroom%20%26%20Co&algorithm=SHA1&digits=6&period=30`,
  )
  expect(await use(holder, codeAt(secret, at(0)), at(0))).toBe('factors.code_wrong')
  expect(await confirm(holder, factor, 'abcdef', at(0))).toBe('factors.code_wrong')
  expect(await confirm(holder, factor, codeAt(secret, at(1)), at(1))).toBe('added')
  expect(await factors.standing(world.sql, holder)).toEqual({ passkeys: 0, totp: 1, sms: 0, recoveryCodes: 0 })
  expect(await use(holder, codeAt(secret, at(2)), at(2)), 'the code that proved it').toBe('factors.code_wrong')
  expect(await use(holder, codeAt(secret, at(31)), at(31))).toBe('used')
  const [listed] = await factors.list(world.sql, world.agent.keys, holder)
  expect(listed).toMatchObject({ factor, kind: 'totp', label: 'My phone', usedAt: at(31) })
})

test('of 50 submissions of one code at once exactly one wins, and none after it [S11]', async () => {
  const { player: holder } = await world.player()
  const { factor, secret } = await offer(holder)
  expect(await confirm(holder, factor, codeAt(secret, at(0)), at(0))).toBe('added')
  const code = codeAt(secret, at(40))
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => use(holder, code, at(40))))
  expect(outcomes.filter((outcome) => outcome === 'used')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome !== 'used' && !outcome.startsWith('factors.'))).toEqual([])
  expect(await use(holder, code, new Date(at(40).getTime() + 1000))).not.toBe('used')
})

test('a code of before a later one is not taken, in whatever window', async () => {
  const { player: holder } = await world.player()
  const { factor, secret } = await offer(holder)
  await confirm(holder, factor, codeAt(secret, at(0)), at(0))
  expect(await use(holder, codeAt(secret, at(90)), at(60), 1)).toBe('used')
  expect(await use(holder, codeAt(secret, at(60)), at(60), 1)).toBe('factors.code_wrong')
})

test('after five wrong codes no more are looked at for a quarter of an hour; 50 at once are no way around it', async () => {
  const { player: holder } = await world.player()
  const { factor, secret } = await offer(holder)
  await confirm(holder, factor, codeAt(secret, at(0)), at(0))
  const right = codeAt(secret, at(60))
  const wrong = Array.from({ length: 50 }, (_, i) => String(i).padStart(6, '0')).filter((code) => code !== right)
  const outcomes = await Promise.all(wrong.map((code) => use(holder, code, at(60))))
  expect(outcomes.filter((outcome) => outcome === 'factors.code_wrong')).toHaveLength(5)
  expect(await use(holder, right, at(60))).toBe('factors.throttled')
  const later = new Date(at(60).getTime() + 15 * 60_000)
  expect(await use(holder, codeAt(secret, later), later)).toBe('used')
})

test('an offer that is not taken up ends after a quarter of an hour, and a newer one ends it at once', async () => {
  const { player: holder } = await world.player()
  const first = await offer(holder)
  const second = await offer(holder)
  await expect(confirm(holder, first.factor, codeAt(first.secret, at(1)), at(1))).rejects.toMatchObject({
    code: 'factors.unknown',
  })
  const late = new Date(at(0).getTime() + 15 * 60_000 + 1)
  await expect(confirm(holder, second.factor, codeAt(second.secret, late), late)).rejects.toMatchObject({
    code: 'factors.unknown',
  })
  const { player: other } = await world.player()
  await expect(
    confirm(other, second.factor, codeAt(second.secret, at(1)), at(1)),
    'of somebody else',
  ).rejects.toMatchObject({ code: 'factors.unknown' })
})

test('the seed is nowhere in the database but sealed; staff have apps as players do', async () => {
  const holder = 'stf_01jdqz8c5t3v6w9x2y4z7a8b9c'
  const { factor, secret } = await offer(holder)
  expect(await confirm(holder, factor, codeAt(secret, at(0)), at(0))).toBe('added')
  const rows = JSON.stringify(await world.admin`select f::text from factors.factors f where holder = ${holder}`)
  for (const form of [fromBase32(secret).toString('hex'), secret, 'My phone', Buffer.from('My phone').toString('hex')])
    expect(rows).not.toContain(form)
})

async function offer(holder: string) {
  return world.act((tx) =>
    factors.offerTotp(tx, world.command(at(0)), { holder, issuer: 'Countroom & Co', account: 'ada@example.com' }),
  )
}

async function confirm(holder: string, factor: string, code: string, now: Date) {
  const input = { holder, factor, code, label: 'My phone' }
  const outcome = await world.act((tx) => factors.confirmTotp(tx, world.command(now), input))
  return 'refusal' in outcome ? outcome.refusal.code : 'added'
}

async function use(holder: string, code: string, now: Date, window = 0) {
  const outcome = await world.act((tx) => factors.useTotp(tx, world.command(now), { holder, code, window }))
  return 'refusal' in outcome ? outcome.refusal.code : 'used'
}

function fromBase32(text: string): Buffer {
  const bits = [...text]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
