import { afterAll, beforeAll, expect, test } from 'vitest'
import * as licences from '#licences'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

test('the licence in force gives the rules; the application cannot change them', async () => {
  expect(await licences.rules(db.sql)).toMatchObject({
    licence: 'standard',
    ageMin: 18,
    limitLoosenHours: 24,
    exclusionMonthsMin: 6,
  })
  await expect(db.sql`update licences.licences set in_force = false`).rejects.toMatchObject({ code: '42501' })
})

test('without a licence in force nothing is decided', async () => {
  await db.admin`update licences.licences set in_force = false`
  await expect(licences.rules(db.sql)).rejects.toThrow('No licence is in force.')
})
