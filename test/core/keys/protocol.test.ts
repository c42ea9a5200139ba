import { createPrivateKey, sign } from 'node:crypto'
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstBadLine, type JournalLine } from '#keys'
import { entranceStatement } from '../../../core/keys/entrance.ts'
import { hashOfLine } from '../../../core/keys/journal.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'
import { freePort } from '../../support/port.ts'

/** The agent's socket as a stranger to the client meets it: versions, deadlines, floods, rubbish, death. */
let agent: TestKeys
let metricsPort: number
describe.each(testModules)('on %s', (module) => {
  beforeAll(async () => {
    metricsPort = await freePort()
    agent = await startTestKeys({ module, config: { listen: { metrics: { host: '127.0.0.1', port: metricsPort } } } })
  })
  afterAll(() => agent.stop())

  const data = Buffer.from('text')

  describe('a request', () => {
    test('of another version of the protocol is refused', async () => {
      expect(await exchange([{ v: 1, id: 7, op: 'health' }])).toMatchObject([
        { id: 7, error: { code: 'keys.version' } },
      ])
    })

    test('whose asker no longer waits is not done, and the answer says so', async () => {
      const before = await agent.as('ops').journal(0, 1000)
      const late = { v: 2, id: 1, op: 'create', key: 'kek-pii', by: soon() - 6000 }
      expect(await exchange([late, { ...late, id: 2, by: undefined }], 'ops')).toMatchObject([
        { id: 1, error: { code: 'keys.late' } },
        { id: 2, error: { code: 'keys.late' } },
      ])
      expect(await agent.as('ops').journal(0, 1000)).toEqual(before)
    })

    test.each([
      ['no JSON', 'what is this?\n'],
      ['no object', '[1]\n'],
      ['without a number', '{"v":2,"op":"health"}\n'],
      ['without an end', 'x'.repeat(600 * 1024)],
    ])('%s ends the connection, and nobody else notices', async (_what, text) => {
      const socket = await connected('core')
      const ended = new Promise((resolve) => socket.once('close', resolve))
      socket.on('error', () => {})
      socket.write(text)
      await ended
      await agent.keys.health()
    })

    test('in a flood is answered or refused, every one, and others are served meanwhile', async () => {
      const flood = Array.from({ length: 6000 }, (_, id) => ({
        v: 2,
        id,
        op: 'random',
        args: { bytes: 1 },
        by: soon(),
      }))
      const flooding = exchange(flood)
      const began = performance.now()
      for (let i = 0; i < 10; i++) await agent.keys.random(8)
      expect(performance.now() - began).toBeLessThan(2000)
      const answers = await flooding
      expect(answers.map(({ id }) => id).sort((a, b) => a - b)).toEqual(flood.map(({ id }) => id))
      const busy = answers.filter(({ error }) => error?.code === 'keys.busy')
      expect(busy.length).toBeGreaterThan(0)
      expect(answers.filter(({ ok }) => ok !== undefined)).toHaveLength(flood.length - busy.length)
    })
  })

  test('who does not read the answers is not heard, and keeps nobody else waiting', async () => {
    const resident = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${agent.pid()}/status`, 'utf8'))?.[1])
    const before = resident()
    const socket = await connected('edge')
    socket.on('error', () => {})
    const frames = Array.from({ length: 1000 }, (_, id) =>
      JSON.stringify({ v: 2, id, op: 'random', args: { bytes: 4096 }, by: soon() + 60_000 }),
    ).join('\n')
    for (let i = 0; i < 100; i++) socket.write(`${frames}\n`) // answers would be 550 MB
    const waits: number[] = []
    for (let i = 0; i < 100; i++) {
      const asked = performance.now()
      await agent.keys.mac('hk-pepper', data)
      waits.push(performance.now() - asked)
    }
    expect(waits.sort((a, b) => a - b)[50]).toBeLessThan(50)
    expect(resident() - before).toBeLessThan(100 * 1024)
    socket.destroy()
  })

  describe('a role', () => {
    test('has a socket that its group may use and nobody else', () => {
      for (const role of ['core', 'work', 'edge', 'ops'])
        expect((statSync(join(agent.dir, `${role}.sock`)).mode & 0o777).toString(8), role).toBe('660')
    })

    test('may ask what is written for it, and nothing else', async () => {
      const bytes = data.toString('base64')
      const checkpoint = Buffer.from(`countroom/test\n1\n${Buffer.alloc(32).toString('base64')}\n`).toString('base64')
      const asked: Array<[op: string, key?: string]> = [
        ['health'],
        ['random'],
        ['publicKey', 'sk-audit'],
        ['active', 'kek-pii'],
        ['list'],
        ['journal'],
        ['attributes'],
        ['newDek', 'kek-pii'],
        ['newDek', 'kek-backup'],
        ['mac', 'hk-pepper'],
        ['mac', 'hk-pepper-1'],
        ['mac', 'hk-dek-binding'],
        ['mac', 'hk-register'],
        ['signMessage', 'sk-token'],
        ['signMessage', 'sk-audit'],
        ['signCheckpoint'],
        ['signedSizes'],
        ['signMessage', 'sk-manifest'],
        ['signMessage', 'sk-ca-root'],
        ['signMessage', 'sk-ca-issuing'],
        ['create', 'no-such-family'],
        ['ceremonyStatus'],
      ]
      const may = async (role: 'core' | 'work' | 'edge' | 'ops') => {
        const argsOf = (op: string) => ({
          bytes: 1,
          data: bytes,
          message: op === 'signCheckpoint' ? checkpoint : bytes,
          context: bytes,
          after: op === 'signCheckpoint' ? null : 0,
          limit: 1,
        })
        const answers = await exchange(
          asked.map(([op, key], id) => ({ v: 2, id, op, key, args: argsOf(op), by: soon() })),
          role,
        )
        const allowed = answers.filter(({ error }) => error === undefined).map(({ id }) => asked[id]!.join(' '))
        return allowed.sort()
      }
      const common = ['health', 'publicKey sk-audit', 'random']
      expect(await may('edge')).toEqual(common)
      const inside = [...common, 'active kek-pii', 'list']
      const people = ['mac hk-pepper', 'mac hk-pepper-1', 'newDek kek-pii']
      expect(await may('core')).toEqual([...inside, ...people, 'signMessage sk-token'].sort())
      expect(await may('work')).toEqual(
        [
          ...inside,
          ...people,
          'journal',
          'newDek kek-backup',
          'signCheckpoint',
          'signMessage sk-ca-issuing',
          'signedSizes',
        ].sort(),
      )
      expect(await may('ops')).toEqual(
        [
          ...inside,
          ...['journal', 'attributes', 'ceremonyStatus', 'newDek kek-backup'],
          ...['sk-manifest', 'sk-ca-root', 'sk-ca-issuing'].map((key) => `signMessage ${key}`),
        ].sort(),
      )
    })
  })

  describe('death', () => {
    test('of the agent in the middle of calls: those who can wait get their answers from the next one', async () => {
      const patient = agent.as('core', 10_000)
      const expected = await patient.mac('hk-pepper', data)
      let calls = 0
      let on = true
      const callers = Array.from({ length: 8 }, async () => {
        while (on) {
          expect(await patient.mac('hk-pepper', data)).toEqual(expected)
          calls++
        }
      })
      for (let i = 0; i < 3; i++) {
        const before = calls
        await agent.kill()
        await agent.restart()
        while (calls < before + 100) await new Promise((resolve) => setTimeout(resolve, 5))
      }
      on = false
      await Promise.all(callers)
    })

    test('of the agent before the answer to what may not be done twice: its outcome is unknown, and it says so', async () => {
      agent.signal('SIGSTOP')
      const asked = agent.as('ops', 10_000).create('kek-pii')
      await new Promise((resolve) => setTimeout(resolve, 100))
      await Promise.all([
        expect(asked).rejects.toMatchObject({ code: 'keys.unavailable', kind: 'unavailable' }),
        agent.kill(),
      ])
      await agent.restart()
    })
  })

  describe('the journal', () => {
    const file = () => join(agent.dir, 'state/journal.jsonl')

    test('has a line before and after each act, refused ones too, chained from the first', async () => {
      const ops = agent.as('ops')
      const { key } = await ops.create('sk-token')
      await ops.activate(key)
      await expect(ops.destroy(key)).rejects.toMatchObject({ code: 'keys.state' })
      const lines = await ops.journal(0, 1000)
      expect(firstBadLine(lines)).toBeUndefined()
      expect(lines.slice(-6).map(({ role, operation, key: of, outcome }) => [role, operation, of, outcome])).toEqual([
        ['ops', 'create', key, 'begun'],
        ['ops', 'create', key, 'done'],
        ['ops', 'activate', key, 'begun'],
        ['ops', 'activate', key, 'done'],
        ['ops', 'destroy', key, 'begun'],
        ['ops', 'destroy', key, 'refused'],
      ])
      expect(await agent.as('work').journal(lines.length - 1, 5)).toEqual(lines.slice(-1))
    })

    test('what ended in the middle is settled by the next agent', async () => {
      await agent.kill()
      const lines = readFileSync(file(), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as JournalLine)
      const last = lines.at(-1)!
      const begun = {
        number: last.number + 1,
        at: new Date().toISOString(),
        role: 'ops',
        operation: 'destroy',
        key: 'hk-pepper-1',
        outcome: 'begun',
        previous: last.hash,
      } as const
      appendFileSync(file(), `${JSON.stringify({ ...begun, hash: hashOfLine(begun) })}\n{"number":`)
      await agent.restart()
      const [settled] = await agent.as('ops').journal(begun.number, 5)
      expect(settled).toMatchObject({ operation: 'destroy', key: 'hk-pepper-1', outcome: 'interrupted' })
      expect(await agent.keys.active('hk-pepper')).toBe('hk-pepper-1')
    })

    test('that was changed or cut stops the start, and the line is named', async () => {
      const whole = readFileSync(file(), 'utf8')
      const lines = whole.trim().split('\n')
      await agent.kill()
      writeFileSync(file(), whole.replace('"outcome":"refused"', '"outcome":"done"'))
      await expect(agent.restart()).rejects.toThrow(new RegExp(`was changed: line ${lines.length - 1 - 1}`))
      writeFileSync(file(), `${lines.slice(0, 3).join('\n')}\n`)
      await expect(agent.restart()).rejects.toThrow(/The journal lacks line \d+, which the register knows/)
      writeFileSync(file(), whole)
      await agent.restart()
    })
  })

  describe('what an agent does', () => {
    const lines = async () => (await agent.as('ops').journal(0, 1000)).length
    /** What the count has grown by meanwhile: `role operation outcome`, how often. */
    const countedOf = async (work: () => Promise<unknown>) => {
      const before = await counts()
      await work()
      const after = Object.entries(await counts())
      return Object.fromEntries(after.map(([what, n]) => [what, n - (before[what] ?? 0)]).filter(([, n]) => n !== 0))
    }

    test('[S49] with keys is counted, each time, by role and outcome, and the journal has no line of it', async () => {
      const { keys } = agent
      const work = agent.as('work')
      for (const each of [keys, work]) await each.random(1) // they are in
      const journalled = await lines()
      const counted = await countedOf(async () => {
        for (let i = 0; i < 7; i++) await keys.random(8)
        for (let i = 0; i < 5; i++) await keys.mac('hk-pepper', data)
        const { kek, wrapped, binding, dek } = await keys.newDek('kek-pii', data)
        expect(await work.openDek(kek, data, wrapped, binding)).toEqual(dek)
        await work.signMessage('sk-ca-issuing', data)
        for (let i = 0; i < 3; i++) await expect(keys.mac('hk-pepper', Buffer.alloc(0))).rejects.toThrow('keys.refused')
        await expect(work.sign('sk-token', Buffer.alloc(32))).rejects.toThrow('keys.not_allowed')
      })
      expect(counted).toEqual({
        'core random done': 7,
        'core mac done': 5,
        'core newDek done': 1,
        'core refused refused': 3,
        'work openDek done': 1,
        'work signMessage done': 1,
        'work refused refused': 1,
      })
      expect(await lines()).toBe(journalled)
    })

    test('[S49] to keys is in the journal line by line, and counted besides', async () => {
      const ops = agent.as('ops')
      const journalled = await lines()
      const counted = await countedOf(async () => {
        await ops.activate((await ops.create('kek-backup')).key)
        await ops.destroy('kek-backup-1')
        await expect(ops.destroy('kek-backup-2')).rejects.toMatchObject({ code: 'keys.state' })
      })
      expect(counted).toEqual({
        'ops create done': 1,
        'ops activate done': 1,
        'ops destroy done': 1,
        'ops refused refused': 1,
      })
      expect(await lines()).toBe(journalled + 8)
    })

    async function counts(): Promise<Record<string, number>> {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      const line = /^countroom_keys_operations_total\{role="(\w+)",operation="(\w+)",outcome="(\w+)"\} (\d+)$/gm
      return Object.fromEntries(
        [...text.matchAll(line)].map(([, ...label]) => [label.slice(0, 3).join(' '), Number(label[3])]),
      )
    }
  })
})

const soon = () => Number(process.hrtime.bigint() / 1_000_000n) + 5000

type Answer = { id: number; ok?: unknown; error?: { code: string } }

/** Let in, with a certificate of the role. */
async function connected(role: string): Promise<Socket> {
  const socket = await stranger(role)
  if (role === 'ops') return socket
  const { chain, key } = await agent.clients.credential(role)
  const { ok } = await answerTo(socket, { v: 2, id: 0, op: 'challenge', by: soon() })
  const nonce = Buffer.from((ok as { nonce: string }).nonce, 'base64')
  const signature = sign('sha256', entranceStatement(role, nonce), createPrivateKey(key)).toString('base64')
  const entered = await answerTo(socket, { v: 2, id: 0, op: 'enter', by: soon(), args: { chain, signature } })
  expect(entered).toMatchObject({ ok: {} })
  return socket
}

async function stranger(role: string): Promise<Socket> {
  const socket = createConnection(join(agent.dir, `${role}.sock`))
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

/** One frame, and the one answer to it. */
async function answerTo(socket: Socket, request: object): Promise<Answer> {
  const answered = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
  socket.write(`${JSON.stringify(request)}\n`)
  return JSON.parse(await answered) as Answer
}

/** Sends frames in one go and collects as many answers. */
async function exchange(requests: readonly object[], role = 'core'): Promise<Answer[]> {
  const socket = await connected(role)
  const answers: Answer[] = []
  let rest = ''
  const all = new Promise<void>((resolve, reject) => {
    socket.on('close', () => reject(new Error('the agent ended the connection')))
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      answers.push(...lines.map((line) => JSON.parse(line) as Answer))
      if (answers.length >= requests.length) resolve()
    })
  })
  socket.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(''))
  await all
  socket.destroy()
  return answers
}
