import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import * as keys from '#keys'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

type Row = { id: string; entry: string; sealed: Buffer }
const address = '203.0.113.77'

/** A player changes their name, from an address. */
async function renamed() {
  const { player } = await world.player()
  const command = { ...world.command(), actor: { kind: 'player' as const, id: player, address } }
  await world.act((tx) =>
    audit.record(tx, command, {
      action: 'players.profile_changed',
      subject: player,
      detail: { fields: ['name'] },
      personal: { before: { name: 'Ada Byron' }, after: { name: 'Ada Lovelace' } },
    }),
  )
  const [row] = await world.sql<Row[]>`
    select id, entry, sealed from audit.events where player = ${player} and code = 'players.profile_changed'`
  const event = JSON.parse(row!.entry) as audit.AuditEvent
  const commitment = event.personal!.commitment
  const sealed = { event: row!.id, player, envelope: row!.sealed, commitment }
  return { player, row: row!, event, sealed }
}

const open = (sealed: Awaited<ReturnType<typeof renamed>>['sealed']) =>
  audit.openPersonal(world.sql, world.agent.keys, sealed)

test('what tells about a person is sealed, an address included; the entry holds a commitment to it', async () => {
  const { row, event, sealed } = await renamed()
  expect(row.entry).not.toMatch(/Byron|Lovelace|203\.0\.113/)
  expect(row.sealed.toString('latin1')).not.toMatch(/Byron|Lovelace|203\.0\.113/)
  expect(event.address).toBeUndefined()
  const personal = { address, after: { name: 'Ada Lovelace' }, before: { name: 'Ada Byron' } }
  expect(await open(sealed)).toEqual(personal)
  const guess = createHmac('sha256', '').update(JSON.stringify(personal)).digest('hex')
  expect(sealed.commitment).not.toBe(guess)
  expect((await renamed()).sealed.commitment).not.toBe(sealed.commitment)
})

test('erasing the player takes the personal part and leaves the log as it was [S59]', async () => {
  const { player, row, sealed } = await renamed()
  await world.act((tx) => keys.shred(tx, player))
  await expect(open(sealed)).rejects.toMatchObject({ code: 'keys.shredded' })
  const [after] = await world.sql<Row[]>`select id, entry, sealed from audit.events where id = ${row.id}`
  expect(after?.entry).toBe(row.entry)
  expect((await audit.verify(world.sql)).ok).toBe(true)
})

test('a personal part that was moved to another event, or put in its place, is noticed', async () => {
  const one = await renamed()
  const other = await renamed()
  await expect(open({ ...one.sealed, envelope: other.sealed.envelope })).rejects.toThrow(keys.TamperedEnvelope)
  await expect(open({ ...one.sealed, commitment: other.sealed.commitment })).rejects.toThrow(keys.TamperedEnvelope)
  const flipped = Buffer.from(one.sealed.envelope)
  flipped[flipped.length - 1]! ^= 1
  await expect(open({ ...one.sealed, envelope: flipped })).rejects.toThrow(keys.TamperedEnvelope)
})

test('without the keys nothing personal is written, and so the action does not happen', async () => {
  const { player } = await world.player()
  const { keys: _, ...bare } = world.command()
  const act = world.act((tx) =>
    audit.record(
      tx,
      { ...bare, actor: { kind: 'player', id: player, address } },
      { action: 'sessions.ended', subject: player },
    ),
  )
  await expect(act).rejects.toThrow(/has the keys/)
})
