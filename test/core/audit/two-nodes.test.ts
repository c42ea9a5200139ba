import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Keys } from '#keys'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { holdCeremony, startTestKeys, type TestKeys } from '../../support/keys.ts'

/** Two nodes with the same keys in tokens of their own, and one log: whichever is at work seals it, and neither signs a second tree. */
const origin = 'countroom/test'
let db: TestDatabase
let first: TestKeys
let second: TestKeys
let shares: string[]
beforeAll(async () => {
  ;[db, first] = await Promise.all([openTestDatabase(), startTestKeys()])
  const ops = first.as('ops')
  ;({ shares } = await holdCeremony(ops, { custodians: ['A', 'B', 'C'], threshold: 2 }))
  for (const family of new Set((await ops.list()).map((entry) => entry.family)))
    if (!family.startsWith('hk-re')) await ops.activate((await ops.create(family)).key)
})
afterAll(async () => {
  await db.stop()
  await Promise.all([first, second].map((agent) => agent?.stop()))
})

/** Gives a node what another backed up, by two custodians. Keys that were born before the ceremony are given up. */
async function restore(from: TestKeys, to: TestKeys): Promise<void> {
  const ops = to.as('ops')
  await ops.restoreBegin(await from.as('ops').backup())
  for (const share of shares.slice(0, 2)) await ops.restoreShare(share)
  const born = (await from.as('ops').list()).filter(
    ({ origin, family }) => origin === 'token' && family !== 'hk-register',
  )
  await ops.restoreFinish(born.map(({ key }) => key))
}

async function sealBy(node: TestKeys): Promise<number> {
  await db.sql.begin((tx) =>
    audit.record(tx, systemCommand('test'), { action: 'players.viewed_in_full', subject: 'x', reason: 'because' }),
  )
  const command = { ...systemCommand('test'), keys: node.as('work') }
  return (await db.work.begin((tx) => audit.seal(tx, command, { origin, batches: [], eventsMax: 100 }))).size
}

const sign = (node: TestKeys, head: Head, after?: Head, growth?: Parameters<Keys['signCheckpoint']>[2]) =>
  audit.signCheckpoint(node.as('work'), { origin, ...head }, after, growth)
type Head = { size: number; root: Buffer }
const other = (size: number): Head => ({ size, root: Buffer.alloc(32, 99) })
const rewound = { code: 'keys.log_rewound' }

test('[S51] a node that takes over the keys takes over what was signed, and signs no second tree', async () => {
  for (const size of [1, 2, 3]) expect(await sealBy(first)).toBe(size)
  second = await startTestKeys({ config: { firstStart: 'join' } })
  await restore(first, second)
  await expect(sign(second, other(3))).rejects.toMatchObject(rewound)
  await expect(sign(second, other(4), other(3))).rejects.toMatchObject(rewound)
  expect(await sealBy(second)).toBe(4)
})

test('[S51] nodes seal in turn, with nobody to vouch: each is shown that what the other signed grew from what it knows', async () => {
  expect(await sealBy(second)).toBe(5)
  for (const [node, size] of [
    [first, 6],
    [first, 7],
    [first, 8],
    [second, 9],
    [first, 10],
  ] as const) // failover and back
    expect(await sealBy(node), `${size}`).toBe(size)
  const keys = await audit.ownKeys(first.keys, origin)
  expect(await audit.verifyLog(db.sql, { keys })).toMatchObject({ ok: true, size: 10, checkpoints: 10 })
})

test('[S51] a second tree that the other node signed is no growth, nor one with another signature or another way', async () => {
  const [kept9, kept10] = [(await audit.keptCheckpoint(db.sql, 9))!, (await audit.keptCheckpoint(db.sql, 10))!]
  // The second remembers 9, and whoever has its socket makes it go on from there with a tree of his own.
  const forked = { ...other(12), note: (await sign(second, other(12), kept9)).note }
  const path = (from: number, to: number) => audit.consistencyPath(db.sql, from, to)
  for (const paths of [[], [[]], [await path(9, 10)], [await path(8, 10), await path(9, 10)]])
    await expect(sign(first, other(13), forked, { note: forked.note, paths })).rejects.toMatchObject(rewound)

  // An honest tree of 10, and the second, which now remembers another one of 12, is not shown how it came from that.
  const way = { note: kept10.note, paths: [await path(9, 10)] }
  for (const growth of [
    { ...way, paths: [] },
    { ...way, note: kept9.note },
    { ...way, note: kept10.note.replace(/— .*\n$/, forked.note.slice(forked.note.indexOf('—'))) },
  ])
    await expect(sign(second, other(11), kept10, growth)).rejects.toMatchObject(rewound)
  await sign(second, other(11), kept10, way) // 12 may have been lost with its transaction, so from 9 there is a way
})

test('[S51] an older backup makes no node forget what it signed, a newer one tells it', async () => {
  const backup = await first.as('ops').backup()
  const size = await sealBy(first)
  const ops = first.as('ops')
  await ops.restoreBegin(backup)
  for (const share of shares.slice(0, 2)) await ops.restoreShare(share)
  await ops.restoreFinish()
  expect(await first.as('work').signedSizes()).toEqual([size, size - 1])
  await sealBy(first)
  await restore(first, second)
  expect(await second.as('work').signedSizes()).toEqual([size + 1, size])
})
