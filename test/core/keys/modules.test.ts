import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isSigned, type Keys } from '#keys'
import { holdCeremony, startTestKeys, type TestKeys } from '../../support/keys.ts'
import type { TestModule } from '../../support/modules.ts'

/** One suite of cases on every module and every way to wrap: what is refused, and that it is refused in the same words. */
type Case = {
  module: TestModule
  wrap: 'aes-kw' | 'aes-gcm' | 'rsa-oaep-sha256'
  wrappedBytes: number
  joins?: boolean
}
const cases: Case[] = [
  { module: 'softhsm', wrap: 'aes-kw', wrappedBytes: 40 },
  { module: 'softhsm', wrap: 'aes-gcm', wrappedBytes: 60, joins: true },
  { module: 'nss', wrap: 'aes-kw', wrappedBytes: 40, joins: true },
  { module: 'nss', wrap: 'aes-gcm', wrappedBytes: 60 },
  { module: 'nss', wrap: 'rsa-oaep-sha256', wrappedBytes: 384, joins: true },
]
const context = Buffer.from('["plr_ada","contact",1]')
const doesNotOpen = 'The key agent refused: keys.refused (this wrapped key does not open here)'

describe.each(cases)('$module wrapping by $wrap', ({ module, wrap, wrappedBytes, joins = false }) => {
  let agent: TestKeys
  let core: Keys
  let work: Keys
  let ops: Keys
  beforeAll(async () => {
    agent = await startTestKeys({ module, config: { wrap } })
    ;[core, work, ops] = [agent.keys, agent.as('work'), agent.as('ops')]
  })
  afterAll(() => agent.stop())

  test('wraps, opens, rotates and destroys; a restart finds every key again', async () => {
    const made = await core.newDek('kek-pii', context)
    expect(made.wrapped).toHaveLength(wrappedBytes)
    expect(await core.openDek(made.kek, context, made.wrapped, made.binding)).toEqual(made.dek)
    const { key } = await ops.activate((await ops.create('kek-pii')).key)
    const [moved] = await work.rewrapDeks([{ ...made, context }])
    expect(moved?.kek).toBe(key)
    await ops.destroy(made.kek)
    await agent.kill()
    await agent.restart()
    await ops.health()
    expect(await core.openDek(key, context, moved!.wrapped, moved!.binding)).toEqual(made.dek)
  })

  test('[S42] no key can be taken out, and each does one thing', async () => {
    const attributes = await ops.attributes()
    expect(Object.keys(attributes)).toContain('kek-pii-2')
    for (const [name, found] of Object.entries(attributes)) {
      expect(found, name).toMatchObject({ sensitive: true, extractable: false, private: true })
      const uses = [found.wrap || found.unwrap, found.encrypt || found.decrypt, found.sign]
      expect(uses.filter(Boolean), name).toHaveLength(1)
    }
  })

  test('[S33] whatever is wrong with a wrapped key, the answer is the same', async () => {
    const { kek, wrapped, binding } = await core.newDek('kek-pii', context)
    const other = await core.newDek('kek-pii', Buffer.from('another place'))
    const flipped = (bytes: Buffer, at: number) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      return changed
    }
    const wrong: Array<[Buffer, Buffer, Buffer]> = [
      [Buffer.from('another place'), wrapped, binding],
      [context, other.wrapped, other.binding],
      [context, wrapped, other.binding],
      [context, wrapped, binding.subarray(1)],
      [context, wrapped, Buffer.alloc(0)],
      [context, Buffer.concat([wrapped, Buffer.alloc(8)]), binding],
      [context, wrapped.subarray(0, -4), binding],
      [context, Buffer.alloc(0), binding],
      ...[0, 11, 12, wrapped.length - 17, wrapped.length - 16, wrapped.length - 1].map(
        (at): [Buffer, Buffer, Buffer] => [context, flipped(wrapped, at), binding],
      ),
    ]
    for (const [where, bytes, bound] of wrong)
      await expect(core.openDek(kek, where, bytes, bound)).rejects.toThrow(doesNotOpen)
    await expect(core.openDek('kek-pii-2', Buffer.alloc(0), wrapped, binding)).rejects.toThrow(doesNotOpen)
    await ops.health()
  })

  test('[S34] empty and oversized messages, short digests and operations there are not: refused before the module', async () => {
    const words = (asked: Promise<unknown>) =>
      asked.then(
        () => 'done',
        (error: Error) => error.message,
      )
    expect(
      await Promise.all([
        words(core.mac('hk-pepper', Buffer.alloc(0))),
        words(core.mac('hk-pepper', Buffer.alloc(64 * 1024 + 1))),
        words(ops.signMessage('sk-manifest', Buffer.alloc(0))),
        words(work.sign('sk-ca-issuing', Buffer.alloc(31))),
        words(work.sign('sk-ca-issuing', Buffer.alloc(33))),
        words(core.random(0)),
        words(core.random(1 << 20)),
        words(core.newDek('kek-pii', Buffer.alloc(0))),
        words(core.newDek('kek-pii', Buffer.alloc(5000))),
        words(core.mac('kek-pii', context)),
        words(core.newDek('hk-pepper', context)),
        words(work.sign('hk-pepper', Buffer.alloc(32))),
      ]),
    ).toEqual([
      'The key agent refused: keys.refused (message bytes: 0 is not within 1 and 65536)',
      'The key agent refused: keys.refused (message bytes: 65537 is not within 1 and 65536)',
      'The key agent refused: keys.refused (message bytes: 0 is not within 1 and 65536)',
      'The key agent refused: keys.refused (digest bytes: 31 is not within 32 and 32)',
      'The key agent refused: keys.refused (digest bytes: 33 is not within 32 and 32)',
      'The key agent refused: keys.refused (random bytes: 0 is not within 1 and 4096)',
      'The key agent refused: keys.refused (random bytes: 1048576 is not within 1 and 4096)',
      'The key agent refused: keys.refused (context bytes: 0 is not within 1 and 4096)',
      'The key agent refused: keys.refused (context bytes: 5000 is not within 1 and 4096)',
      'The key agent refused: keys.not_allowed (core may not ask for this)',
      'The key agent refused: keys.not_allowed (core may not ask for this)',
      'The key agent refused: keys.not_allowed (work may not ask for this)',
    ])
  })

  test('[S33] signatures have 64 bytes; a shorter one is none', async () => {
    for (const family of ['sk-manifest', 'sk-ca-issuing']) {
      const { key, signature } = await ops.signMessage(family, context)
      const publicKey = await core.publicKey(key)
      expect(isSigned(publicKey, context, signature)).toBe(true)
      expect(isSigned(publicKey, Buffer.from('another'), signature)).toBe(false)
      for (const length of [0, 32, 62, 63])
        expect(isSigned(publicKey, context, signature.subarray(0, length))).toBe(false)
      expect(isSigned(publicKey, context, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false)
    }
  })

  test.runIf(joins)(
    'a ceremony imports keys that cannot be taken out, and a second token of the kind joins',
    async () => {
      const { shares } = await holdCeremony(ops, { custodians: ['Ada', 'Grace'], threshold: 2 })
      for (const { family } of (await ops.list()).filter((entry) => entry.state === 'active'))
        if (!['hk-register', 'hk-recovery'].includes(family)) await ops.activate((await ops.create(family)).key)
      const made = await core.newDek('kek-pii', context)
      const signed = await work.signMessage('sk-ca-issuing', context)
      for (const { key, state, use, epoch } of await ops.list())
        if (state === 'decrypt-only' && (use !== 'sign' || epoch === 1)) await ops.destroy(key)
      const second = await startTestKeys({ module, config: { wrap, firstStart: 'join' } })
      try {
        const node = second.as('ops')
        await node.restoreBegin(await ops.backup())
        for (const share of shares) await node.restoreShare(share)
        expect((await node.restoreFinish()).imported).toHaveLength(10)
        for (const [key, found] of Object.entries(await node.attributes()))
          expect(found, key).toMatchObject({ sensitive: true, extractable: false })
        expect(await second.keys.openDek(made.kek, context, made.wrapped, made.binding)).toEqual(made.dek)
        const again = await second.as('work').signMessage('sk-ca-issuing', context)
        expect(again.key).toBe(signed.key)
        expect(isSigned(await core.publicKey(signed.key), context, again.signature)).toBe(true)
        await second.kill()
        await second.restart()
        await node.health()
      } finally {
        await second.stop()
      }
    },
  )
})

describe('the capability probe', () => {
  const chosen = async (options: Parameters<typeof startTestKeys>[0]) => {
    const agent = await startTestKeys(options)
    const entries = await agent.as('ops').list()
    await agent.stop()
    const of = (family: string) => entries.find((entry) => entry.family === family)?.mechanism
    return [of('kek-pii'), of('hk-pepper'), of('sk-audit'), of('sk-ca-root')]
  }

  test('chooses what the module can: Ed25519 where there is one, key wrap before others', async () => {
    expect(await chosen({ module: 'softhsm' })).toEqual(['aes-kw', 'hmac-sha256', 'ed25519', 'ecdsa-p256-sha256'])
    // A token can be named by its slot, too; this is where NSS has its database.
    expect(await chosen({ module: 'nss', config: { token: { slot: 2 } } })).toEqual([
      'aes-kw',
      'hmac-sha256',
      'ecdsa-p256-sha256',
      'ecdsa-p256-sha256',
    ])
  })

  test('a token that is not there is not made in a module that has one', async () => {
    await expect(startTestKeys({ module: 'nss', config: { token: { label: 'another' } } })).rejects.toThrow(
      /no token .*another.* and no free slot/,
    )
    await expect(startTestKeys({ module: 'nss', config: { token: { slot: 77 } } })).rejects.toThrow(
      'no token in slot 77',
    )
  })

  test('refuses a module that cannot serve, with the list of what is missing', async () => {
    // SoftHSM 2.6 has OAEP with SHA-1 only.
    await expect(startTestKeys({ module: 'softhsm', config: { wrap: 'rsa-oaep-sha256' } })).rejects.toThrow(
      /This module cannot serve. It lacks wrapping keys by rsa-oaep-sha256: CKR_/,
    )
  })
})
