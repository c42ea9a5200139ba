import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pkcs11js from 'pkcs11js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Module, ModuleLost, openModule, TokenRefusal } from '../../../core/keys/agent/module.ts'
import { probe } from '../../../core/keys/agent/probe.ts'
import { openToken, type Token } from '../../../core/keys/agent/token.ts'
import { makeToken, testModules, testPin } from '../../support/modules.ts'

/** Our wrapper around a module, in this process: what modules let pass and we do not. */
describe.each(testModules)('%s', (kind) => {
  const dir = mkdtempSync(join(tmpdir(), 'cr-wrapper-'))
  let module: Module
  let token: Token
  beforeAll(() => {
    const setting = makeToken(kind, dir)
    if (setting.module.softhsmConf) process.env.SOFTHSM2_CONF = setting.module.softhsmConf
    module = openModule({ ...setting.module, token: setting.token, pin: testPin, soPin: '87654321' })
    token = openToken(module)
  })
  afterAll(() => {
    module.close()
    rmSync(dir, { recursive: true })
  })

  test('what the module lacks is said in words, and something else is chosen', () => {
    const { lacks, edwards, mechanismFor } = probe(module)
    expect(lacks).toEqual(kind === 'nss' ? ['ed25519: no CKM_EC_EDWARDS_KEY_PAIR_GEN, no CKM_EDDSA'] : [])
    expect([edwards, mechanismFor('sk-audit')]).toEqual(
      kind === 'nss' ? [false, 'ecdsa-p256-sha256'] : [true, 'ed25519'],
    )
  })

  const kek = { key: 'kek-pii-1', mechanism: 'aes-kw' } as const
  const gcm = { key: 'kek-backup-1', mechanism: 'aes-gcm' } as const
  const mac = { key: 'hk-pepper-1', mechanism: 'hmac-sha256' } as const
  const bound = Buffer.from('place')

  test('a data key has 32 bytes, a nonce 96 bits, a tag 128, bound data are never empty', () => {
    token.create(kek)
    token.create(gcm)
    const dek = token.random(32)
    for (const bytes of [0, 16, 24, 31, 33, 64])
      for (const ref of [kek, gcm]) expect(() => token.wrap(ref, Buffer.alloc(bytes), bound)).toThrow(TokenRefusal)
    expect(() => token.wrap(gcm, dek, Buffer.alloc(0))).toThrow(TokenRefusal)
    const wrapped = token.wrap(gcm, dek, bound)
    expect(wrapped).toHaveLength(12 + 32 + 16)
    for (const bytes of [0, 12, 59 - 12, 59, 61]) // a tag of 32 bits, which modules take, would be 48 bytes
      expect(() => token.unwrap(gcm, Buffer.concat([wrapped, Buffer.alloc(8)]).subarray(0, bytes), bound)).toThrow(
        TokenRefusal,
      )
    for (let at = 0; at < wrapped.length; at++) {
      const changed = Buffer.from(wrapped)
      changed[at]! ^= 0x80
      expect(() => token.unwrap(gcm, changed, bound), `byte ${at}`).toThrow()
    }
    expect(() => token.unwrap(gcm, wrapped, Buffer.from('elsewhere'))).toThrow()
    expect(token.unwrap(gcm, wrapped, bound)).toEqual(dek)
    expect(
      new Set(Array.from({ length: 100 }, () => token.wrap(gcm, dek, bound).subarray(0, 12).toString('hex'))).size,
    ).toBe(100)
  })

  test('[S34] a key does what it is for: another use, and another mechanism, is refused', () => {
    token.create(mac)
    const dek = token.random(32)
    expect(() => token.mac(kek, bound)).toThrow(TokenRefusal)
    expect(() => token.wrap(mac, dek, bound)).toThrow(TokenRefusal)
    expect(() => token.signMessage(mac, bound)).toThrow(TokenRefusal)
    expect(() => token.signDigest(kek, dek)).toThrow(TokenRefusal)
    expect(() => token.spki(kek)).toThrow(TokenRefusal)
    // Asked to use a key by a mechanism it was not made for, the module refuses too: the key's own flags say no.
    expect(() => token.wrap({ ...kek, mechanism: 'aes-gcm' }, dek, bound)).toThrow()
    expect(() => token.mac({ ...kek, mechanism: 'hmac-sha256' }, bound)).toThrow()
  })

  const weak: Array<[string, Record<string, unknown>, RegExp]> = [
    ['extractable', { CKA_EXTRACTABLE: true }, /must not be extractable/],
    ['not sensitive', { CKA_SENSITIVE: false }, /must be sensitive/],
    ['short', { CKA_VALUE_LEN: 16 }, /has not 32 bytes/],
    ['for two uses', { CKA_WRAP: true }, /must not be wrap/],
  ]
  // In its database NSS makes every key sensitive, whatever it is asked for.
  const possible = weak.filter(([what]) => kind !== 'nss' || what !== 'not sensitive')
  test.each(possible)(
    '[S42][S45] a key that is %s is found unfit, whatever the module made of it',
    (what, flags, fault) => {
      const ref = {
        key: `hk-email-index-${weak.findIndex(([name]) => name === what) + 1}`,
        mechanism: 'hmac-sha256',
      } as const
      const template = {
        CKA_LABEL: ref.key,
        CKA_TOKEN: true,
        CKA_PRIVATE: true,
        CKA_SENSITIVE: true,
        CKA_EXTRACTABLE: false,
        CKA_VALUE_LEN: 32,
        CKA_SIGN: true,
        CKA_VERIFY: true,
        CKA_ENCRYPT: false,
        CKA_DECRYPT: false,
        CKA_WRAP: false,
        CKA_UNWRAP: false,
        ...flags,
      }
      module.use((session) =>
        module.raw.C_GenerateKey(
          session,
          { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN },
          Object.entries(template).map(([name, value]) => ({
            type: pkcs11js[name as 'CKA_LABEL'],
            value: value as string | boolean | number,
          })),
        ),
      )
      expect(token.faults(ref).join()).toMatch(fault)
      token.destroy(ref.key)
      expect(token.names()).not.toContain(ref.key)
    },
  )

  test('a session is never two callers at once, and one that failed is not used again', () => {
    const used: string[] = []
    module.use((outer) => {
      module.use((inner) => used.push(outer.toString('hex'), inner.toString('hex')))
    })
    expect(new Set(used).size).toBe(2)
    let failed = ''
    expect(() =>
      module.use((session) => {
        failed = session.toString('hex')
        // What poisons a session of SoftHSM: an empty message leaves the operation under way.
        module.raw.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA256_HMAC }, Buffer.alloc(8, 0xff))
      }),
    ).toThrow()
    const seen = new Set<string>()
    const nest = (depth: number): void =>
      module.use((session) => {
        seen.add(session.toString('hex'))
        if (depth > 0) nest(depth - 1)
      })
    nest(8)
    expect(seen).not.toContain(failed)
    expect(token.mac(mac, bound)).toHaveLength(32)
  })

  test('a module that opens no session any more is lost', () => {
    const { raw } = module
    const open = raw.C_OpenSession
    raw.C_OpenSession = () => {
      throw new Error('CKR_DEVICE_ERROR')
    }
    try {
      expect(() =>
        module.use(() => {
          throw new Error('CKR_GENERAL_ERROR')
        }),
      ).toThrow(ModuleLost)
    } finally {
      raw.C_OpenSession = open
    }
  })
})
