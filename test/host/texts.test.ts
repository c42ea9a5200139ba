import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Server as SocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { createServer as createCentre, type Pdu, type Session } from 'smpp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as messages from '#messages'
import * as sessions from '#sessions'
import { smppCarrier } from '../../core/host/carriers/smpp.ts'
import { readConfig } from '../../core/host/config.ts'
import { send } from '../../core/host/jobs/messages.ts'
import { sign } from '../../core/host/signature.ts'
import { createTelephone } from '../../ops/sandbox/telephone.ts'
import { sandboxWeb } from '../../ops/sandbox/web.ts'
import { openTestAuthority, type TestAuthority } from '../support/authority.ts'
import { until } from '../support/client.ts'
import { type Faces, openFaces } from '../support/faces.ts'

/** Text messages to the sandbox's carrier over signed HTTP, and to message centres by SMPP; and what they say later. */
let faces: Faces
let authority: TestAuthority
let dir: string
let telephone: ReturnType<typeof createTelephone>
let host: Faces['host']
const servers: Array<Server | SocketServer> = []
const open: messages.Carrier[] = []
const password = 'walrus tambourine quartz'
beforeAll(async () => {
  ;[faces, authority] = await Promise.all([openFaces(), openTestAuthority()])
  dir = mkdtempSync(join(tmpdir(), 'cr-texts-'))
  const partner = { url: await faces.serve('partner'), caFile: join(dir, 'none') }
  const { carrierSecret: secret } = faces
  telephone = createTelephone({ secret, receiptSecret: secret, partner, log: () => {} })
  const gateway = { isAuthentic: () => false } as never
  const port = await listen(createServer(getRequestListener(sandboxWeb(gateway, telephone, [], '').fetch)))
  host = withCarrier(`http://127.0.0.1:${port}`)
})
afterAll(async () => {
  await Promise.all(open.map((carrier) => carrier.close()))
  for (const server of servers) server.close()
  await Promise.all([faces.stop(), authority.stop()])
  rmSync(dir, { recursive: true })
})

test('a player adds a telephone, signs in elsewhere with a code that came there, and the receipt is seen [S11]', async () => {
  const { player, email, caller } = await arrive()
  await faces.world.showAll(player)
  const { body } = await caller.ask('POST', '/api/factors/phones', { phone: '+356 7700 1234' })
  const proof = { code: await textedTo('+35677001234'), label: 'My telephone' }
  expect((await caller.ask('POST', `/api/factors/phones/${body.factor}/confirmation`, proof)).status).toBe(201)

  const elsewhere = faces.caller('player')
  expect((await elsewhere.ask('POST', '/api/sessions', { email, password })).body).toMatchObject({ factors: ['sms'] })
  await faces.world.admin`update factors.sms_counts set at = at - interval '1 minute'`
  expect((await elsewhere.ask('POST', '/api/sessions/code', { email })).status).toBe(202)
  const code = await textedTo('+35677001234')
  const given = { email, password, proof: { factor: 'sms', code } }
  expect((await elsewhere.ask('POST', '/api/sessions', given)).status).toBe(201)

  const states = () => faces.world.admin<Array<{ state: string; sealed: Buffer | null }>>`
    select state, sealed from messages.outbox where holder = ${player} and channel = 'sms'`
  await until('both receipts', async () => (await states()).every(({ state }) => state === 'delivered') || undefined)
  expect(await states()).toHaveLength(2)
  expect((await states()).every(({ sealed }) => sealed === null)).toBe(true)
  expect(telephone.texts[0]).toMatchObject({ from: 'Casino', text: expect.stringMatching(/^Countroom: your code is/) })
})

test('a text message that never arrives, is refused or is put off ends so, and one sent twice is one', async () => {
  const [lost, refused, busy] = [await text('+35677000001'), await text('+35677000002'), await text('+35677000003')]
  await until('the receipt', async () => ((await stateOf(lost)).state === 'bounced' ? true : undefined))
  expect([await stateOf(lost), await stateOf(refused), await stateOf(busy)]).toMatchObject([
    { state: 'bounced', status: 'absent_subscriber' },
    { state: 'bounced', status: 'no_such_number' },
    { state: 'waiting', status: '503' },
  ])
  const message = await text('+35677009999')
  await faces.world.admin`update messages.outbox set state = 'waiting', reference = null where message = ${message}`
  const before = telephone.texts.length
  await send(host, message)
  expect(telephone.texts).toHaveLength(before)
})

test('a receipt counts when the carrier signed it just now, the first last word counts, and a repeat changes nothing', async () => {
  const reference = 'sms_of_a_test'
  const message = await text('+35677000003')
  const partner = faces.caller('partner')
  const tell = (body: object, { secret = faces.carrierSecret, at = new Date(), name = 'sandbox' } = {}) => {
    const bytes = JSON.stringify(body)
    const headers = { 'carrier-signature': sign(secret, Buffer.from(bytes), at), 'idempotency-key': '' }
    return partner.ask('POST', `/api/carriers/${name}/receipts`, bytes, headers)
  }
  const failed = { id: reference, status: 'failed', error: 'absent' }
  const delivered = { id: reference, status: 'delivered' }
  expect((await tell(delivered)).status, 'overtakes what was sent: it comes again').toBe(404)
  await faces.world.admin`
    update messages.outbox set state = 'sent', carrier = 'sandbox', reference = ${reference} where message = ${message}`
  for (const [body, how] of [
    [delivered, { secret: 'another' }],
    [delivered, { at: new Date(Date.now() - 301_000) }],
    [delivered, { at: new Date(Date.now() + 301_000) }],
  ] as const)
    expect((await tell(body, how)).body).toMatchObject({ status: 401, code: 'messages.receipt_not_authentic' })
  for (const body of [{}, { id: reference, status: 'lost' }, { ...failed, error: '+356 7700 0003' }])
    expect((await tell(body)).status, JSON.stringify(body)).toBe(400)
  expect((await tell(delivered, { name: 'other' })).status).toBe(404)
  expect((await stateOf(message)).state).toBe('sent')
  for (const body of [delivered, delivered, failed]) expect((await tell(body)).status).toBe(200)
  expect((await stateOf(message)).state).toBe('delivered')
})

test('by SMPP 3.4 over TLS: bound once, sent as a code for its minutes, in GSM 03.38 or UCS-2, and receipts come', async () => {
  const centre = await openCentre()
  const carrier = connect(centre)
  const before = new Date(Date.now() + 300_000)
  expect(await carrier.send({ ...letter, before })).toEqual({ fate: 'accepted', carrier: 'smpp', reference: 'id-1' })
  expect(await carrier.send({ ...letter, text: 'Su código es 424242.' })).toMatchObject({ reference: 'id-2' })
  expect(await carrier.send({ ...letter, text: 'x'.repeat(200) })).toMatchObject({ reference: 'id-3' })
  expect(centre.binds).toMatchObject([{ system_id: 'casino', password: 'the secret', interface_version: 0x34 }])
  expect(centre.submitted[0]).toMatchObject({
    source_addr: 'Casino',
    source_addr_ton: 5,
    destination_addr: '35677001234',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    registered_delivery: 1,
    data_coding: 0,
    short_message: { message: letter.text },
  })
  expect(centre.submitted[1]).toMatchObject({ data_coding: 8, short_message: { message: 'Su código es 424242.' } })
  expect(centre.submitted[2]).toMatchObject({ message_payload: { message: 'x'.repeat(200) } })
  await centre.deliver({ esm_class: 4, receipted_message_id: 'id-1', message_state: 2, short_message: '' })
  await centre.deliver({ esm_class: 4, short_message: 'id:id-2 sub:001 dlvrd:000 stat:UNDELIV err:001 text:' })
  await centre.deliver({ esm_class: 4, short_message: 'id:id-3 sub:001 dlvrd:000 stat:ENROUTE err:000 text:' })
  await centre.deliver({ esm_class: 0, short_message: 'id:id-3 stat:DELIVRD: says somebody by text message' })
  expect(centre.receipts).toEqual([
    { carrier: 'smpp', reference: 'id-1', arrived: true },
    { carrier: 'smpp', reference: 'id-2', arrived: false, status: 'UNDELIV' },
  ])
})

test('a receipt that cannot be taken now is asked for again; a cut connection comes back by itself, and what was on it is sent later', async () => {
  const centre = await openCentre()
  const carrier = connect(centre)
  await carrier.send(letter)
  centre.fails = true
  const receipt = { esm_class: 4, receipted_message_id: 'id-1', message_state: 2, short_message: '' }
  expect((await centre.deliver(receipt)).command_status, 'ESME_RX_T_APPN').toBe(0x64)
  centre.fails = false
  expect((await centre.deliver(receipt)).command_status).toBe(0)
  centre.silent = true
  const waiting = carrier.send(letter)
  await until('the message', async () => (centre.submitted.length === 2 ? true : undefined))
  centre.cut()
  expect(await waiting).toEqual({ fate: 'later', status: 'unreachable' })
  centre.silent = false
  await until('the next bind', async () => (centre.binds.length === 2 ? true : undefined))
  expect(await carrier.send(letter)).toMatchObject({ fate: 'accepted' })
})

test('a number that the centre does not know is refused for good; a full queue, a wrong password, or nobody there is not', async () => {
  const centre = await openCentre()
  const carrier = connect(centre)
  centre.status = 0x0b
  expect(await carrier.send(letter)).toEqual({ fate: 'refused', status: 'smpp-0b' })
  for (const [status, name] of [
    [0x14, 'smpp-14'],
    [0x58, 'smpp-58'],
  ] as const) {
    centre.status = status
    expect(await carrier.send(letter)).toEqual({ fate: 'later', status: name })
  }
  expect(await connect(centre, { password: 'wrong' }).send(letter)).toEqual({ fate: 'later', status: 'smpp-0e' })
  expect(await connect({ ...centre, port: 1 }).send(letter)).toEqual({ fate: 'later', status: 'unreachable' })
  const stranger = connect(centre, { caFile: undefined })
  expect(await stranger.send(letter), 'nobody vouches for it').toEqual({ fate: 'later', status: 'unreachable' })
})

test('codes go beyond loopback over TLS alone', () => {
  const file = join(dir, 'config.json')
  const accepts = (url: string) => {
    const smsCarrier = { url, secretFile: 'x', sender: 'Casino' }
    writeFileSync(file, JSON.stringify({ ...faces.host.config, smsCarrier }))
    try {
      return readConfig(file).smsCarrier?.url === url
    } catch {
      return false
    }
  }
  for (const url of ['https://sms.example', 'smpps://casino@sms.example:3550', 'smpp://casino@127.0.0.1:2775'])
    expect(accepts(url), url).toBe(true)
  for (const url of ['http://sms.example', 'smpp://casino@sms.example:2775', 'file:///etc/passwd', 'ftp://127.0.0.1'])
    expect(accepts(url), url).toBe(false)
})

const letter = {
  id: 'msg_01',
  channel: 'sms',
  address: '+35677001234',
  language: 'en',
  subject: '',
  text: 'Casino: your code is 424242.',
  html: '',
} as const

type Centre = {
  port: number
  binds: Pdu[]
  submitted: Pdu[]
  receipts: messages.Receipt[]
  /** What is answered to a message; nothing at all when silent. */
  status: number
  silent: boolean
  /** Whether the casino fails to take receipts. */
  fails: boolean
  deliver(pdu: object): Promise<Pdu>
  cut(): void
}

/** A message centre: the library's own server, over TLS with a certificate of the test's authority. */
async function openCentre(): Promise<Centre> {
  const { key, chain } = await certificate()
  let bound: Session | undefined
  const centre: Centre = {
    port: 0,
    binds: [],
    submitted: [],
    receipts: [],
    status: 0,
    silent: false,
    fails: false,
    deliver: (pdu) => new Promise((resolve) => bound!.deliver_sm!(pdu, resolve)),
    cut: () => bound!.destroy(),
  }
  const server = createCentre({ key, cert: chain }, (session) => {
    session.on('error', () => {})
    session.on('bind_transceiver', (pdu: Pdu) => {
      const known = pdu.password === 'the secret'
      if (known) centre.binds.push(pdu)
      if (known) bound = session
      session.send(pdu.response(known ? {} : { command_status: 0x0e }))
    })
    session.on('submit_sm', (pdu: Pdu) => {
      centre.submitted.push(pdu)
      const message_id = `id-${centre.submitted.length}`
      if (!centre.silent) session.send(pdu.response(centre.status ? { command_status: centre.status } : { message_id }))
    })
    session.on('unbind', (pdu: Pdu) => {
      session.send(pdu.response())
      session.close()
    })
  })
  server.on('tlsClientError', () => {})
  centre.port = await listen(server)
  return centre
}

function connect(centre: Centre, otherwise: { password?: string; caFile?: undefined } = {}): messages.Carrier {
  const carrier = smppCarrier({
    url: `smpps://casino@localhost:${centre.port}`,
    password: 'the secret',
    sender: 'Casino',
    caFile: join(dir, 'ca.pem'),
    now: () => new Date(),
    log: () => {},
    reconnectMs: 50,
    async receive(receipt) {
      if (centre.fails) throw new Error('not now')
      centre.receipts.push(receipt)
    },
    ...otherwise,
  })
  open.push(carrier)
  return carrier
}

async function certificate() {
  const enrolled = await authority.enrol('public', 'public', { names: ['localhost'] })
  writeFileSync(join(dir, 'ca.pem'), await authority.anchors())
  return enrolled
}

function withCarrier(url: string): Faces['host'] {
  const smsCarrier = { ...faces.host.config.smsCarrier!, url }
  return { ...faces.host, config: { ...faces.host.config, smsCarrier } }
}

async function arrive() {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  return { player, email, caller }
}

/** Lets the worker's jobs run, and reads what came to a number last. */
async function textedTo(number: string): Promise<string> {
  for (const { queue, data } of faces.world.jobs.splice(0))
    if (queue === messages.sendQueue) await send(host, String(data.message))
  const code = /\d{6}/.exec(telephone.texts.find(({ to }) => to === number)?.text ?? '')?.[0]
  if (!code) throw new Error(`nothing came to ${number}`)
  return code
}

/** Sends a code to a number. Answers the message. */
async function text(address: string): Promise<string> {
  const { world } = faces
  const { player: to } = await world.player()
  const news = { to, template: 'sms_code', address, values: { code: '424242', minutes: '5' } } as const
  const message = (await world.act((tx) => messages.tell(tx, world.command(), news)))!
  await send(host, message)
  return message
}

async function stateOf(message: string) {
  const [row] = await faces.world.admin`select state, status from messages.outbox where message = ${message}`
  return row!
}

function listen(server: Server | SocketServer): Promise<number> {
  servers.push(server)
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}
