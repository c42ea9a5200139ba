import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { register } from 'prom-client'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as messages from '#messages'
import * as players from '#players'
import { openBounceIntake } from '../../core/host/carriers/bounces.ts'
import { mailCarrier } from '../../core/host/carriers/mail.ts'
import { messagesSweep, send } from '../../core/host/jobs/messages.ts'
import { createLog } from '../../core/host/log.ts'
import { startMail } from '../../ops/sandbox/mail.ts'
import { openTestAuthority, type TestAuthority } from '../support/authority.ts'
import { until } from '../support/client.ts'
import { openWorld, type World } from '../support/world.ts'

/** Mail over real SMTP: to the sandbox and back, and to servers that are as servers are. */
const away = '127.0.0.2' // an address of this machine that is not the loopback a mail may take in the clear
let world: World
let authority: TestAuthority
let dir: string
let intake: Awaited<ReturnType<typeof openBounceIntake>>
let sandbox: Awaited<ReturnType<typeof startMail>>
let host: Parameters<typeof send>[0]
const servers: SMTPServer[] = []
beforeAll(async () => {
  ;[world, authority] = await Promise.all([openWorld(), openTestAuthority()])
  dir = mkdtempSync(join(tmpdir(), 'cr-mail-'))
  const log = createLog('test', 'silent')
  const base = { sql: world.sql, keys: world.agent.keys, log, now: () => new Date() }
  intake = await openBounceIntake(base, { host: '127.0.0.1', port: 0 })
  const port = await freePort()
  sandbox = await startMail({ host: '127.0.0.1', port }, { host: '127.0.0.1', port: intake.port }, () => {})
  const mail = { host: '127.0.0.1', port, implicitTls: false, from: 'casino@example.com' }
  host = { ...base, config: { brand: 'Casino', mail } } as never
})
afterAll(async () => {
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.close(done))))
  await sandbox.close()
  await intake.close()
  await Promise.all([world.stop(), authority.stop()])
  rmSync(dir, { recursive: true })
})

test('a registration’s code comes by mail, in the player’s language, as text and HTML, with a return path of its own', async () => {
  const input = await world.registration({ language: 'es' })
  await world.act((tx) => players.register(tx, world.command(), input))
  const { message } = world.jobs.at(-1)!.data as { message: string }
  await send(host, message)
  const [mail] = sandbox.inbox
  expect(mail).toMatchObject({ to: input.email, subject: 'Su código de confirmación' })
  expect(mail?.from).toBe(`bounces+${message}@example.com`)
  expect(mail?.text).toMatch(/Hola:\s+Su código es \d{6}\./)
  expect(mail?.html).toMatch(/<p>Su código es \d{6}\./)
  await send(host, message)
  expect(sandbox.inbox, 'a second job sends nothing').toHaveLength(1)
})

test('a mail that comes back flags the address by the report’s return path', async () => {
  const player = await registered(`bounce.${Date.now()}@example.com`)
  await tell(player)
  const bounce = await until('the report', () => messages.bounceOf(world.sql, player, 'email'))
  expect(bounce.status).toBe('5.1.1')
  expect(await stateOf(await tell(player))).toBe('withheld')
})

test('a mailbox the server does not know is flagged at once', async () => {
  const player = await registered(`refuse.${Date.now()}@example.com`)
  expect(await stateOf(await tell(player))).toBe('bounced')
  expect(await messages.bounceOf(world.sql, player, 'email')).toMatchObject({ status: '5.1.1' })
})

test('a server that is busy, or away, or says no to us gets the mail later', async () => {
  const player = await registered(`busy.${Date.now()}@example.com`)
  expect(await stateOf(await tell(player))).toBe('waiting')
  expect(await messages.bounceOf(world.sql, player, 'email')).toBeUndefined()
  const nobody = mailCarrier({ mail: { host: '127.0.0.1', port: 1, implicitTls: false, from: 'casino@example.com' } })
  expect(await nobody.send(letter)).toEqual({ fate: 'later', status: 'ESOCKET' })
  const closed = await serve({ disabledCommands: ['AUTH', 'STARTTLS'] }, '127.0.0.1', (_, _session, answer) =>
    answer(Object.assign(new Error('5.7.1 go away'), { responseCode: 550 })),
  )
  expect(await mailCarrier({ mail: closed }).send(letter)).toMatchObject({ fate: 'later' })
})

test('beyond loopback nothing is said to a server without TLS, nor to one whose certificate nobody vouches for', async () => {
  const bare = await serve({ disabledCommands: ['STARTTLS', 'AUTH'] })
  expect(await mailCarrier({ mail: bare }).send(letter)).toMatchObject({ fate: 'later' })
  expect(received).toEqual([])
  const { key, chain } = await certificate()
  const secured = await serve({ key, cert: chain, disabledCommands: ['AUTH'] })
  expect(await mailCarrier({ mail: secured }).send(letter)).toMatchObject({ fate: 'later' })
  expect(received).toEqual([])
  const caFile = join(dir, 'ca.pem')
  writeFileSync(caFile, await authority.anchors())
  expect(await mailCarrier({ mail: { ...secured, caFile } }).send(letter)).toMatchObject({ fate: 'accepted' })
  expect(received).toEqual(['ada@example.com'])
})

test('it signs in with the secret of a file, over TLS from the first byte too', async () => {
  const { key, chain } = await certificate()
  const caFile = join(dir, 'ca.pem')
  writeFileSync(caFile, await authority.anchors())
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, 'the right one\n', { mode: 0o600 })
  const server = await serve({
    secure: true,
    key,
    cert: chain,
    authOptional: false,
    onAuth: ({ username, password }, _session, answer) =>
      username === 'casino' && password === 'the right one' ? answer(null, { user: 1 }) : answer(new Error('no')),
  })
  const mail = { ...server, caFile, implicitTls: true, user: 'casino', passwordFile }
  expect(await mailCarrier({ mail }).send(letter)).toMatchObject({ fate: 'accepted' })
  writeFileSync(passwordFile, 'a wrong one')
  expect(await mailCarrier({ mail }).send(letter)).toMatchObject({ fate: 'later' })
})

test('the intake takes reports only: from nobody, to a return path there was, of a size a report has', async () => {
  const message = `msg_${'0'.repeat(26)}`
  expect(await dialogue(['MAIL FROM:<eve@example.com>'])).toMatch(/^550/)
  expect(await dialogue(['MAIL FROM:<>', 'RCPT TO:<casino@example.com>'])).toMatch(/^550/)
  expect(await dialogue(['MAIL FROM:<>', `RCPT TO:<bounces+${message}@example.com>`])).toMatch(/^250/)
  const over = `${'a'.repeat(998)}\r\n`.repeat(300)
  const start = ['MAIL FROM:<>', `RCPT TO:<bounces+${message}@example.com>`, 'DATA']
  expect(await dialogue([...start, `${over}.`])).toMatch(/^552/)
  expect(await dialogue([...start, 'Subject: \u0000\r\n\r\nnot a report\r\n.'])).toMatch(/^250/)
})

test('the alert rules ask for metrics there are, and their runbook has what they point at', async () => {
  await messagesSweep.run(host as never, {})
  const root = join(import.meta.dirname, '../..')
  const rules = readFileSync(join(root, 'ops/monitoring/alerts/messages.yml'), 'utf8')
  for (const name of rules.match(/countroom_\w+/g)!) expect(register.getSingleMetric(name), name).toBeDefined()
  expect(await register.metrics()).toMatch(/countroom_messages_addresses_bounced\{channel="email"\} [1-9]/)
  const page = readFileSync(join(root, 'ops/runbooks/messages.md'), 'utf8').toLowerCase()
  for (const [, heading] of rules.matchAll(/runbook: ops\/runbooks\/messages\.md#(\S+)/g))
    expect(page).toContain(`## ${heading!.replaceAll('-', ' ')}`)
})

const letter: messages.Letter = {
  id: `msg_${'a'.repeat(26)}`,
  channel: 'email',
  address: 'ada@example.com',
  language: 'en',
  subject: 'Your code',
  text: 'your code is 123456',
  html: '<p>your code is 123456</p>',
}

const received: string[] = []

async function registered(email: string): Promise<string> {
  const input = await world.registration({ email })
  return (await world.act((tx) => players.register(tx, world.command(), input)))!
}

async function tell(to: string): Promise<string> {
  const message = await world.act((tx) =>
    messages.tell(tx, world.command(), { to, template: 'password_changed', values: {} }),
  )
  await send(host, message!)
  return message!
}

async function stateOf(message: string): Promise<string> {
  return (await world.admin`select state from messages.outbox where message = ${message}`)[0]?.state
}

async function serve(
  options: SMTPServerOptions,
  address = away,
  onRcptTo?: NonNullable<SMTPServerOptions['onRcptTo']>,
): Promise<{ host: string; port: number; implicitTls: boolean; from: string }> {
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    ...options,
    onMailFrom: (_, session, answer) => (onRcptTo ? onRcptTo(_, session, answer) : answer()),
    onData(stream, session, done) {
      stream.resume()
      stream.on('end', () => {
        received.push(...session.envelope.rcptTo.map((each) => each.address))
        done()
      })
    },
  })
  server.on('error', () => {})
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const { port } = server.server.address() as { port: number }
  return { host: address, port, implicitTls: false, from: 'casino@example.com' }
}

async function certificate(): Promise<{ key: string; chain: string }> {
  return authority.enrol('public', 'public', { names: [away] })
}

/** What the intake answers to the last line. */
async function dialogue(lines: string[]): Promise<string> {
  const socket = createConnection(intake.port, '127.0.0.1')
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]()
  const next = async () => {
    for (;;) {
      const { value, done } = await answers.next()
      if (done) return 'closed'
      if (/^\d{3} /.test(String(value))) return String(value)
    }
  }
  let answer = await next()
  for (const line of ['EHLO test', ...lines]) {
    socket.write(`${line}\r\n`)
    answer = await next()
  }
  socket.destroy()
  return answer
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
