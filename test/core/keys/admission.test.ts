import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Credential, Keys } from '#keys'
import { entranceStatement } from '../../../core/keys/entrance.ts'
import { until } from '../../support/client.ts'
import type { Odd } from '../../support/clients.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'

/** Who comes in to the key agent: only who has the key of a certificate of the role, of our authority, good now and not taken back. */
let agent: TestKeys
let silent: Socket

describe.each(testModules)('on %s', (module) => {
  beforeAll(async () => {
    agent = await startTestKeys({ module })
    await agent.keys.random(1)
    silent = await stranger('core')
  })
  afterAll(() => agent.stop())

  const answered = (keys: Keys) => keys.random(8)
  const refusedFor = async (keys: Keys, reason: RegExp) => {
    const asked = answered(keys)
    await expect(asked).rejects.toMatchObject({ code: 'keys.unavailable', kind: 'unavailable' })
    await expect(asked).rejects.toMatchObject({ cause: { message: expect.stringMatching(reason) } })
  }
  const shown = (credential: Credential) => agent.showing('core', credential, 150)

  test('[S58] each role comes in by its own socket with its own certificate, and the ops commands by that of core', async () => {
    for (const [role, certificate] of [
      ['core', 'core'],
      ['core', 'ops'],
      ['work', 'work'],
      ['edge', 'edge'],
    ] as const)
      expect(await answered(agent.showing(role, await agent.clients.credential(certificate)))).toHaveLength(8)
  })

  test('[S58] nobody is answered who shows nothing; only ops needs nothing, since by its socket the first certificates are signed', async () => {
    for (const role of ['core', 'work', 'edge'] as const)
      await expect(answered(agent.showing(role, undefined))).rejects.toThrow('keys.not_admitted')
    expect(await answered(agent.as('ops'))).toHaveLength(8)
  })

  test('[S58] one of another role, another use, another time or another authority lets nobody in, and the reason is told', async () => {
    const forged = keysOfStranger()
    const hour = 3_600_000
    const cases: Array<[role: string, as: Odd, reason: RegExp]> = [
      ['work', {}, /work-1\.countroom\.internal is of the role work/],
      ['edge', {}, /is of the role edge/],
      ['scraper', {}, /is of the role scraper/],
      ['core', { server: true }, /has no certificate of a client/],
      ['core', { until: new Date(Date.now() - 1000) }, /certificate of core-1\.countroom\.internal ended at 20\d\d-/],
      ['core', { from: new Date(Date.now() + hour), until: new Date(Date.now() + 2 * hour) }, /begins at .* only/],
      ['core', { forged }, /is not of the authority in this token/],
    ]
    for (const [role, as, reason] of cases) await refusedFor(shown(await agent.clients.credential(role, as)), reason)
    // An issuing authority of ours that did not sign what is shown, and none at all.
    const [own, other] = [await agent.clients.credential('core'), await agent.clients.credential('core', { forged })]
    const [leaf = ''] = other.chain.match(pem) ?? []
    const [, issuing = ''] = own.chain.match(pem) ?? []
    await refusedFor(shown({ chain: leaf + issuing, key: other.key }), /is not of the authority in this token/)
    await refusedFor(shown({ chain: leaf, key: other.key }), /a certificate and the one of its authority/)
    await refusedFor(shown({ chain: own.chain + issuing, key: own.key }), /a certificate and the one of its authority/)
  })

  test('[S58] a certificate without its key is worth nothing, nor is what somebody signed before or elsewhere', async () => {
    const { chain, key } = await agent.clients.credential('core')
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const own = createPrivateKey(key)
    const entering = async (args: (nonce: Buffer) => object, socket?: Socket) => {
      const at = socket ?? (await stranger('core'))
      const { ok } = await ask(at, { op: 'challenge' })
      const nonce = Buffer.from(ok?.nonce ?? '', 'base64')
      expect(nonce).toHaveLength(32)
      return ask(at, { op: 'enter', args: args(nonce) })
    }
    const signed = (by: typeof own, role: string, nonce: Buffer) =>
      sign('sha256', entranceStatement(role, nonce), by).toString('base64')
    const notAdmitted = { error: { code: 'keys.not_admitted' } }
    expect(await entering((nonce) => ({ chain, signature: signed(other, 'core', nonce) }))).toMatchObject(notAdmitted)
    expect(await entering((nonce) => ({ chain, signature: signed(own, 'work', nonce) }))).toMatchObject(notAdmitted)
    expect(await entering(() => ({ chain, signature: signed(own, 'core', randomBytes(32)) }))).toMatchObject(
      notAdmitted,
    )
    expect(
      await entering((nonce) => ({ chain, signature: sign('sha256', nonce, own).toString('base64') })),
    ).toMatchObject(notAdmitted)
    for (const rubbish of [{}, { chain }, { chain: 7, signature: [] }, { chain: 'x'.repeat(99_999), signature: '' }])
      expect(await entering(() => rubbish)).toMatchObject({
        error: { code: expect.stringMatching(/not_admitted|malformed/) },
      })

    // A nonce is good for one try, and only on the connection it was given to.
    const socket = await stranger('core')
    let seen: Buffer = Buffer.alloc(0)
    await entering((nonce) => {
      seen = nonce
      return { chain, signature: signed(other, 'core', nonce) }
    }, socket)
    const late = { op: 'enter', args: { chain, signature: signed(own, 'core', seen) } }
    expect(await ask(socket, late)).toMatchObject({ error: { code: 'keys.malformed' } })
    expect(await ask(await stranger('core'), late)).toMatchObject({ error: { code: 'keys.malformed' } })
    expect(await ask(socket, { op: 'random', args: { bytes: 8 } })).toMatchObject(notAdmitted)
    expect(await entering((nonce) => ({ chain, signature: signed(own, 'core', nonce) }), socket)).toMatchObject({
      ok: { component: 'core-1.countroom.internal' },
    })
    expect(await ask(socket, { op: 'random', args: { bytes: 8 } })).toHaveProperty('ok')
  })

  test('[S58] who is taken back gets no new connection, and the open one is cut within a second; nobody else notices', async () => {
    const credential = await agent.clients.credential('core')
    const socket = await entered(credential)
    const cut = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now())))
    const { keys } = agent
    const began = performance.now()
    await agent.clients.list([credential.serial])
    expect((await cut) - began).toBeLessThan(1000)
    await refusedFor(shown(credential), /certificate of core-1\.countroom\.internal was taken back/)
    expect(await answered(keys)).toHaveLength(8)
    await agent.clients.list([])
  })

  test('[S58] a list that ended, that is not there, or that somebody else signed lets nobody new in; who is in stays', async () => {
    const credential = await agent.clients.credential('core')
    const open = agent.showing('core', credential)
    await answered(open)
    const forged = keysOfStranger().issuing
    const spoilt: Array<() => Promise<void> | void> = [
      () => agent.clients.list([], { until: new Date(Date.now() - 1000) }),
      () => agent.clients.list([], { from: new Date(Date.now() + 60_000) }),
      () => agent.clients.list([], { by: forged }),
      () => writeFileSync(join(agent.dir, 'revoked.pem'), 'this is no list'),
      () => rmSync(join(agent.dir, 'revoked.pem')),
    ]
    for (const spoil of spoilt) {
      await spoil()
      await refusedFor(shown(credential), /there is no revocation list of .* that is good now/)
      expect(await answered(open)).toHaveLength(8)
    }
    // A list of a stranger's cuts nobody off either.
    await agent.clients.list([credential.serial], { by: forged })
    expect(await answered(open)).toHaveLength(8)
    await agent.clients.list([])
    expect(await answered(shown(credential))).toHaveLength(8)
  })

  test('[S58] a certificate that ends cuts no connection that stands; the next one needs a new certificate, which is taken from then on', async () => {
    const until = new Date(Date.now() + 5000)
    let credential = await agent.clients.credential('core', { until })
    const open = await entered(credential)
    const keys = agent.presenting('core', () => credential, 300)
    await answered(keys)
    while (Date.now() <= until.getTime() + 1000) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await ask(open, { op: 'random', args: { bytes: 8 } })).toHaveProperty('ok')
    expect(await answered(keys)).toHaveLength(8)
    await agent.kill()
    await agent.restart()
    await refusedFor(keys, /certificate of core-1\.countroom\.internal ended at/)
    credential = await agent.clients.credential('core')
    expect(await answered(keys)).toHaveLength(8)
  })

  test('[S58] a root that was destroyed in the token lets nobody in any more, whatever a file says', async () => {
    const credential = await agent.clients.credential('core')
    const ops = agent.as('ops')
    const before = await ops.active('sk-ca-root')
    await ops.activate((await ops.create('sk-ca-root')).key)
    expect(await answered(shown(credential))).toHaveLength(8) // its list has not ended yet
    await ops.destroy(before)
    await refusedFor(shown(credential), /is not of the authority in this token/)
    await agent.clients.list([])
    expect(await answered(shown(await agent.clients.credential('core')))).toHaveLength(8)
  })

  test('who connects and shows nothing is hung up on', async () => {
    await until('the end of a connection that says nothing', async () => (silent.closed ? true : undefined), 15)
  })
})

const pem = /-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g

function keysOfStranger(): NonNullable<Odd['forged']> {
  const [root, issuing] = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  return {
    root: root!.privateKey,
    issuing: issuing!.privateKey,
    spki: issuing!.publicKey.export({ format: 'der', type: 'spki' }),
  }
}

type Answer = { ok?: { nonce?: string; component?: string }; error?: { code: string } }

async function stranger(role: string): Promise<Socket> {
  const socket = createConnection(join(agent.dir, `${role}.sock`))
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

/** One frame, and the one answer to it. */
async function ask(socket: Socket, request: object): Promise<Answer> {
  const answered = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
  const by = Number(process.hrtime.bigint() / 1_000_000n) + 5000
  socket.write(`${JSON.stringify({ v: 2, id: 1, by, ...request })}\n`)
  return JSON.parse(await answered) as Answer
}

async function entered({ chain, key }: Credential): Promise<Socket> {
  const socket = await stranger('core')
  const { ok } = await ask(socket, { op: 'challenge' })
  const statement = entranceStatement('core', Buffer.from(ok?.nonce ?? '', 'base64'))
  const signature = sign('sha256', statement, createPrivateKey(key)).toString('base64')
  expect(await ask(socket, { op: 'enter', args: { chain, signature } })).toHaveProperty('ok')
  return socket
}
