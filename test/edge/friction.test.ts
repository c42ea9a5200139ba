import { afterEach, expect, test } from 'vitest'
import { work } from '../../core/host/web/browser/proof-of-work.ts'
import { openFriction } from '../../edge/guard/friction.ts'
import { frictionConfig } from '../../edge/guard/friction-config.ts'
import { askerOf } from '../../edge/limit/asker.ts'
import { openLimitMemory } from '../../edge/limit/memory.ts'
import type { Exchange } from '../../edge/listen/exchange.ts'
import type { Problem } from '../../edge/problem.ts'
import { openRoutes } from '../../edge/routes.ts'
import type { Visitor } from '../../edge/visitors/visitors.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

/** Work that a browser does before it signs in: bound to a network, to a time, and good for once. */
let lab: EdgeLab | undefined
afterEach(async () => {
  await lab?.stop()
  lab = undefined
})

const memory = openLimitMemory(undefined)
const signIn = openRoutes().of('player', 'POST', '/api/sessions')
const read = openRoutes().of('player', 'GET', '/api/me')
const plain = { isAnonymous: false } as Visitor
const network = (name: string) => askerOf(memory.hash, 'network', name)

function frictionOf(given: object) {
  let seconds = 1_700_000_000
  const friction = openFriction(
    () => frictionConfig.parse({ bits: 8, ...given }),
    memory,
    () => seconds,
  )
  return {
    ...friction,
    later: (by: number) => {
      seconds += by
    },
    ask: (name: string, proof?: string, visitor = plain, route = signIn, method = 'POST') =>
      friction.inspect(
        { face: 'player', method, header: () => proof } as unknown as Exchange,
        route,
        visitor,
        network(name),
      ),
  }
}
const solved = (found: Problem | undefined) => work(found!.members!.challenge as string, found!.members!.bits as number)

test('who has done the work is let in, once, from the network it was given to', async () => {
  const { ask } = frictionOf({ when: 'always' })
  const proof = await solved(ask('192.0.2.1'))
  expect(ask('192.0.2.2', proof)).toMatchObject({ status: 428, code: 'edge.proof_needed' })
  expect(ask('192.0.2.1', proof)).toBeUndefined()
  expect(ask('192.0.2.1', proof)).toMatchObject({ code: 'edge.proof_needed' })
})

test('work that is forged, too little or too late is none', async () => {
  const { ask, later } = frictionOf({ when: 'always', seconds: 60 })
  const found = ask('192.0.2.3')
  const challenge = found!.members!.challenge as string
  for (const proof of [
    '',
    'x',
    `${challenge}:`,
    `${'A'.repeat(39)}:1`,
    `${challenge.slice(0, -1)}${challenge.endsWith('A') ? 'B' : 'A'}:1`,
  ])
    expect(ask('192.0.2.3', proof)).toBeDefined()
  const harder = frictionOf({ when: 'always', bits: 20 })
  expect(harder.ask('192.0.2.3', await solved(found))).toBeDefined() // made when less was asked
  later(61)
  expect(ask('192.0.2.3', await solved(found))).toBeDefined()
})

test('it is asked of those that failed often, of those that hide, and of nobody for anything but signing in', () => {
  const { ask, note } = frictionOf({ when: 'failures', failuresMax: 5 })
  for (let i = 0; i < 4; i++) note(signIn, network('192.0.2.4'), 401)
  for (let i = 0; i < 50; i++) note(signIn, network('192.0.2.5'), 200)
  for (let i = 0; i < 50; i++) note(read, network('192.0.2.5'), 401)
  expect(ask('192.0.2.4')).toBeUndefined()
  note(signIn, network('192.0.2.4'), 401)
  expect(ask('192.0.2.4')).toBeDefined()
  expect(ask('192.0.2.5')).toBeUndefined()
  expect(ask('192.0.2.6', undefined, { isAnonymous: true } as Visitor)).toBeDefined()
  expect(ask('192.0.2.4', undefined, plain, read, 'GET')).toBeUndefined()
  expect(frictionOf({}).ask('192.0.2.4')).toBeUndefined() // never, unless an operator wants it
})

test('a flood of wrong passwords meets work after some failures, and no core is asked without it', async () => {
  lab = await openEdgeLab(
    (_, response) => {
      response.statusCode = 401
      response.end('{}')
    },
    { cores: 1, workers: 2, also: { friction: { when: 'failures', failuresMax: 10, bits: 8 } } },
  )
  const ask = (...more: string[]) =>
    lab!.say(
      [
        'POST /api/sessions HTTP/1.1',
        'host: localhost',
        'connection: close',
        'content-length: 0',
        ...more,
        '',
        '',
      ].join('\r\n'),
    )
  for (let i = 0; i < 20; i++) await ask()
  expect(lab.cores[0]!.asked).toHaveLength(10)
  const { challenge, bits } = JSON.parse((await ask()).split('\r\n\r\n')[1]!)
  expect(await ask(`x-proof: ${await work(challenge, bits)}`)).toMatch(/^HTTP\/1\.1 401 /)
  expect(lab.cores[0]!.asked.at(-1)!.headers).not.toContain('x-proof')
})
