import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import * as sessions from '#sessions'
import * as staff from '#staff'
import { sealOnce } from '../../core/host/sealer.ts'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'
import { enrolAt } from '../support/staff.ts'

let faces: Faces
let auditor: Caller
let ada: Awaited<ReturnType<typeof sitDown>>
let bob: Awaited<ReturnType<typeof sitDown>>
beforeAll(async () => {
  faces = await openFaces()
  auditor = await hire('auditor')
  ;[ada, bob] = await Promise.all([sitDown(), sitDown()])
})
afterAll(() => faces.stop())

const log = '/api/audit/log'
const seal = async () => {
  const keys = faces.world.agent.as('work')
  while (await sealOnce({ ...faces.host, sql: faces.world.work, keys }));
}
const keys = async () => (await audit.logKeys(faces.world.sql)) as audit.NoteKey[]

test('a player proves a round of theirs as soon as it is sealed, and nobody else’s', async () => {
  expect((await ada.caller.ask('GET', `/api/rounds/${ada.round}/proof`)).body.code).toBe('audit.not_sealed')
  await seal()
  const { status, body } = await ada.caller.ask('GET', `/api/rounds/${ada.round}/proof`)
  expect(status).toBe(200)
  const tied = await ada.caller.ask('GET', `/api/rounds/${ada.round}/proof?held=1`)
  expect(tied.body.consistency).toMatchObject({ from: '1' })
  expect(body.row).toContain(`|${ada.round.slice(4)}|cash|games.revenue|`)
  expect(JSON.stringify(body)).not.toContain(bob.player)
  expect((await bob.caller.ask('GET', `/api/rounds/${ada.round}/proof`)).body.code).toBe('games.round_unknown')
  expect((await faces.caller('player').ask('GET', `/api/rounds/${ada.round}/proof`)).status).toBe(401)
  const given = await faces.caller('player').ask('GET', '/api/log/keys')
  expect(given.body).toEqual({ keys: (await keys()).map(audit.vkeyOf) })
})

test('an auditor proves any transfer, any event, and that the log only grew; others may not ask [GLI-B.6.5c]', async () => {
  const proof = await auditor.ask('GET', `/api/players/${bob.player}/transfers/${bob.round.slice(4)}/proof`)
  expect(proof.body.format).toBe('countroom-bet-proof-1')
  const tied = await auditor.ask('GET', `/api/players/${bob.player}/transfers/${bob.round.slice(4)}/proof?held=1`)
  expect(tied.body.consistency).toMatchObject({ from: '1' })
  const before = audit.readCheckpoint((await auditor.ask('GET', `${log}/checkpoint`)).raw)
  await seal()
  const [event] = await faces.world.sql`select id, entry from audit.events where code = 'audit.proof_viewed' limit 1`
  const inclusion = await auditor.ask('GET', `${log}/inclusion?event=${event!.id}`)
  expect(inclusion.body).toMatchObject({ entry: event!.entry })
  const held = await auditor.ask('GET', `${log}/inclusion?event=${event!.id}&held=${before.size}`)
  expect(held.body.consistency).toMatchObject({ from: String(before.size) })
  const none = await auditor.ask('GET', `${log}/inclusion?event=${event!.id}&held=99999999`)
  expect(none.body.code).toBe('audit.size_unknown')
  const { from, to, path, checkpoint } = (await auditor.ask('GET', `${log}/consistency?from=${before.size}`))
    .body as Record<string, string> & { path: string[] }
  const now = audit.readCheckpoint(checkpoint!)
  expect([from, to]).toEqual([String(before.size), String(now.size)])
  expect(
    audit.isConsistent({
      oldSize: before.size,
      size: now.size,
      oldRoot: before.root,
      root: now.root,
      path: path.map((hash) => Buffer.from(hash, 'base64')),
    }),
  ).toBe(true)
  expect(audit.signersOf(audit.readNote(checkpoint!), await keys())).toHaveLength(1)
  const support = await hire('support')
  for (const path of [
    'checkpoint',
    'keys',
    'inclusion?index=0',
    'consistency?from=1',
    'tile/0/000.p/1',
    'tile/entries/000.p/1',
    'bundle.jsonl',
  ])
    expect((await support.ask('GET', `${log}/${path}`)).status, path).toBe(403)
})

test('tiles and entries are those of the public format', async () => {
  const { size, root } = audit.readCheckpoint((await auditor.ask('GET', `${log}/checkpoint`)).raw)
  const tile = await bytesOf(`${log}/tile/0/000.p/${size}`)
  expect(tile.length).toBe(size * 32)
  expect(audit.rootOfHashes(tile)).toEqual(root)
  const entries = await bytesOf(`${log}/tile/entries/000.p/${size}`)
  let place = 0
  for (let index = 0; index < size; index++) {
    const length = entries.readUInt16BE(place)
    const entry = entries.subarray(place + 2, place + 2 + length)
    expect(audit.leafHash(entry)).toEqual(tile.subarray(index * 32, index * 32 + 32))
    place += 2 + length
  }
  expect(place).toBe(entries.length)
  for (const [path, status] of [
    [`0/000.p/${size + 1}`, 404],
    ['1/000', 404],
    ['0/1', 400],
    ['0/000.p/0', 400],
    ['0/000.p/257', 400],
    ['64/000', 400],
    ['0/x000', 400],
  ] as const)
    expect((await auditor.ask('GET', `${log}/tile/${path}`)).status, path).toBe(status)
})

async function bytesOf(path: string): Promise<Buffer> {
  return (await auditor.ask('GET', path)).bytes
}

async function sitDown() {
  const { world } = faces
  const { player, email } = await world.player(10_000n)
  const password = 'walrus tambourine quartz'
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  const bet = { bets: [{ on: 'red', amount: '1.00' }] }
  const { body } = await caller.ask('POST', '/api/games/roulette-european/rounds', bet)
  return { player, caller, round: body.round as string }
}

async function hire(role: string): Promise<Caller> {
  const { secret } = await faces.world.act((tx) => staff.enrolmentLink(tx, faces.world.command(), { role }))
  const caller = faces.caller('operator')
  await enrolAt(caller, { secret })
  return caller
}
