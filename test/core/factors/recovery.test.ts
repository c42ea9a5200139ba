import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as factors from '#factors'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

test('ten codes of 120 bits, each good once, however it is spelled [S11] [S12]', async () => {
  const { player: holder } = await world.player()
  const codes = await make(holder)
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/)
  expect(await use(holder, codes[0]!)).toBe('used')
  expect(await use(holder, codes[0]!)).toBe('factors.code_wrong')
  expect(
    await use(holder, codes[1]!.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'I')),
  ).toBe('used')
  expect((await factors.standing(world.sql, holder)).recoveryCodes).toBe(8)
  expect(await use((await world.player()).player, codes[2]!), 'somebody else’s').toBe('factors.code_wrong')
})

test('of 50 who use one code at once exactly one wins [S11]', async () => {
  const { player: holder } = await world.player()
  const [code = ''] = await make(holder)
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => use(holder, code)))
  expect(outcomes.filter((outcome) => outcome === 'used')).toHaveLength(1)
})

test('new codes void the old, and wrong ones keep nobody out', async () => {
  const { player: holder } = await world.player()
  const old = await make(holder)
  const fresh = await make(holder)
  for (const code of old) expect(await use(holder, code)).toBe('factors.code_wrong')
  expect(await use(holder, fresh[0]!)).toBe('used')
})

test('no code is anywhere in the database, only its digest [S12]', async () => {
  const { player: holder } = await world.player()
  const codes = await make(holder)
  await use(holder, codes[0]!)
  const rows = await world.admin<
    Array<{ digest: Buffer }>
  >`select digest from factors.recovery_codes where holder = ${holder}`
  const digests = codes.map((code) =>
    createHash('sha256')
      .update(`recovery|${holder}|${code.replaceAll('-', '')}`)
      .digest('hex'),
  )
  expect(rows.map(({ digest }) => digest.toString('hex')).sort()).toEqual(digests.sort())
  const tables = await world.admin<Array<{ name: string }>>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`
  for (const { name } of tables) {
    const text = JSON.stringify(await world.admin.unsafe(`select t::text from ${name} t`))
    for (const code of codes)
      for (const form of [code, code.replaceAll('-', ''), Buffer.from(code).toString('hex')])
        expect(text.includes(form), `${name} holds a code`).toBe(false)
  }
})

async function make(holder: string) {
  return world.act((tx) => factors.makeRecoveryCodes(tx, world.command(), { holder }))
}

async function use(holder: string, code: string) {
  const outcome = await world.act((tx) => factors.useRecoveryCode(tx, world.command(), { holder, code }))
  return 'refusal' in outcome ? outcome.refusal.code : 'used'
}
