import { createSocket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CoresByName, type Member, openMembership } from '../../../edge/balance/members.ts'
import { resolveMembers } from '../../../edge/balance/names.ts'
import { until } from '../../support/edge-load.ts'

/** Who the cores are by DNS, asked of a name server that answers what the test wants. */
type Record = { type: 1; address: string } | { type: 33; port: number; target: string }
let zone: Map<string, Record[]> | undefined
let asked = 0
const server = createSocket('udp4', (question, from) => {
  asked++
  const reply = answer(question)
  if (reply) server.send(reply, from.port, from.address)
})
let servers: string[]
beforeAll(async () => {
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', () => resolve()))
  servers = [`127.0.0.1:${(server.address() as AddressInfo).port}`]
})
afterAll(() => server.close())

const by = (more: object): CoresByName =>
  ({ domain: 'casino.example', everySeconds: 0.1, servers, ...more }) as CoresByName
const srv = () => by({ records: 'srv' })

function twoCores(): Map<string, Record[]> {
  const services = (['player', 'operator', 'partner'] as const).map((face, i): [string, Record[]] => [
    `_${face}._tcp.casino.example`,
    [1, 2].map((n) => ({ type: 33, port: 9000 + n + i * 10, target: `core-${n}.casino.example` })),
  ])
  return new Map([
    ...services,
    ['core-1.casino.example', [{ type: 1, address: '10.0.0.1' }]],
    ['core-2.casino.example', [{ type: 1, address: '10.0.0.2' }]],
  ])
}

test('by services: the first label of a host is who it proves to be, each face has its port', async () => {
  zone = twoCores()
  expect(await resolveMembers(srv())).toEqual([
    core('core-1', '10.0.0.1', [9001, 9011, 9021]),
    core('core-2', '10.0.0.2', [9002, 9012, 9022]),
  ])
})

test('a host without an address, or not named for every face, is no core yet', async () => {
  zone = twoCores()
  zone.delete('core-2.casino.example')
  expect((await resolveMembers(srv())).map(({ name }) => name)).toEqual(['core-1'])
  zone = twoCores()
  zone.get('_partner._tcp.casino.example')!.pop()
  expect((await resolveMembers(srv())).map(({ name }) => name)).toEqual(['core-1'])
})

test('by addresses: each is a core, and all prove to be one', async () => {
  zone = new Map([['casino.example', [10, 11].map((n): Record => ({ type: 1, address: `10.0.0.${n}` }))]])
  const found = await resolveMembers(
    by({ records: 'a', identity: 'core', ports: { player: 1, operator: 2, partner: 3 } }),
  )
  expect(found.map(({ name, identity, partner }) => [name, identity, partner])).toEqual([
    ['core@10.0.0.10', 'core', { host: '10.0.0.10', port: 3 }],
    ['core@10.0.0.11', 'core', { host: '10.0.0.11', port: 3 }],
  ])
})

test('a core joins and leaves as the answers change; when there is none, or nobody answers, those known stay', async () => {
  zone = twoCores()
  const heard: string[][] = []
  const failures: Error[] = []
  const membership = openMembership(
    { cores: srv() },
    (members) => heard.push(members.map(({ name }) => name)),
    (error) => failures.push(error),
    resolveMembers,
  )
  const now = () => membership.current().map(({ name }) => name)
  await until('both', () => now().join() === 'core-1,core-2')
  for (const records of zone.values()) if (records.length > 1) records.pop()
  await until('one', () => now().join() === 'core-1')
  zone = new Map()
  await until('the name is gone', () => failures.length > 0)
  expect(now()).toEqual(['core-1'])
  zone = twoCores()
  await until('both again', () => now().join() === 'core-1,core-2')
  membership.close()
  await new Promise((resolve) => setTimeout(resolve, 200)) // a question that was under way
  const before = asked
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(asked).toBe(before)
  expect(heard).toEqual([['core-1', 'core-2'], ['core-1'], ['core-1', 'core-2']])
})

function core(name: string, host: string, [player, operator, partner]: number[]): Member {
  const at = (port = 0) => ({ host, port })
  return { name, identity: name, player: at(player), operator: at(operator), partner: at(partner) }
}

/** Answers a question (RFC 1035, RFC 2782): what is in the zone, or that there is no such name. */
function answer(question: Buffer): Buffer | undefined {
  if (!zone) return undefined
  let at = 12
  const labels: string[] = []
  while (question[at] !== 0) {
    const length = question[at] as number
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  const type = question.readUInt16BE(at + 1)
  const records = (zone.get(labels.join('.').toLowerCase()) ?? []).filter((record) => record.type === type)
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(records.length > 0 ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt16BE(0, 8)
  head.writeUInt16BE(0, 10)
  return Buffer.concat([head, question.subarray(12, at + 5), ...records.map(encoded)])
}

function encoded(record: Record): Buffer {
  const data =
    record.type === 1
      ? Buffer.from(record.address.split('.').map(Number))
      : Buffer.concat([Buffer.from([0, 0, 0, 0, record.port >> 8, record.port & 0xff]), nameOf(record.target)])
  const head = Buffer.from([0xc0, 12, 0, record.type, 0, 1, 0, 0, 0, 0, data.length >> 8, data.length & 0xff])
  return Buffer.concat([head, data])
}

function nameOf(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.from([0])])
}
