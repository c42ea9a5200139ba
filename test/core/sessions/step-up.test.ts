import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Tx } from '#base'
import * as sessions from '#sessions'
import { rightAttempt } from '../../support/sign-in.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const minutes = (count: number) => new Date(Date.now() + count * 60_000)
const begin = async (replaced?: sessions.Session) => {
  const { player } = await world.player()
  const begun = await world.act((tx) => sessions.begin(tx, world.command(), rightAttempt(player), replaced))
  if ('refusal' in begun) throw begun.refusal
  return begun
}
const stepUp = (session: sessions.Session, right = true, now = new Date()) =>
  world.act((tx) => sessions.stepUp(tx, world.command(now), { session, factor: 'password', right }))

test('a withdrawal needs a password of the last five minutes; shown again, it goes on [S20]', async () => {
  const { session } = await begin()
  const may = (who: sessions.Session, now: Date) => sessions.needs(world.sql, { session: who, act: 'withdrawal', now })
  await may(session, minutes(4))
  await expect(may(session, minutes(6))).rejects.toMatchObject({
    code: 'sessions.step_up_required',
    kind: 'forbidden',
    detail: { factors: ['password'] },
  })
  const done = await stepUp(session, true, minutes(6))
  if ('refusal' in done) throw done.refusal
  await may(done.session, minutes(7))
})

test('a sign-in and a step-up each bring a new secret, and the old one ends, for bets too [S17]', async () => {
  const first = await begin()
  const second = await begin(first.session)
  expect(await sessions.find(world.sql, first.secret, new Date())).toBeUndefined()
  const third = await stepUp(second.session)
  if ('refusal' in third) throw third.refusal
  expect(await sessions.find(world.sql, second.secret, new Date())).toBeUndefined()
  const found = await sessions.find(world.sql, third.secret, new Date())
  expect(found).toEqual(third.session)
  expect(found).toMatchObject({ createdAt: second.session.createdAt, walletVersion: second.session.walletVersion })
  const live = async (tx: Tx) =>
    (
      await tx<Array<{ live: string }>>`
        select sessions.live(${tx.array([first.session.id, second.session.id, third.session.id])}, now()) as live`
    ).map(({ live }) => live)
  expect(await world.act(live)).toEqual([third.session.id])
  expect(await stepUp(second.session)).toMatchObject({ refusal: { code: 'sessions.ended' } })
})

test('a step-up moves no absolute end [S18] [GLI-2.5.4b-ii]', async () => {
  const { session } = await begin()
  const ends = async (id: string) =>
    (await world.sql<Array<{ at: Date }>>`select ends_at as at from sessions.sessions where session = ${id}`)[0]?.at
  const done = await stepUp(session, true, minutes(20))
  if ('refusal' in done) throw done.refusal
  expect(await ends(done.session.id)).toEqual(await ends(session.id))
})

test('three wrong passwords end the session, whoever sits there', async () => {
  const { session, secret } = await begin()
  expect(await stepUp(session, false)).toMatchObject({ refusal: { code: 'sessions.factor_wrong' } })
  expect(await stepUp(session, false)).toMatchObject({ refusal: { code: 'sessions.factor_wrong' } })
  expect(await sessions.find(world.sql, secret, new Date())).toBeDefined()
  expect(await stepUp(session, false)).toMatchObject({ refusal: { code: 'sessions.ended' } })
  expect(await sessions.find(world.sql, secret, new Date())).toBeUndefined()
})
