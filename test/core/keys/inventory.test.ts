import { afterAll, describe, expect, test } from 'vitest'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

/** Every key there is, by what it is: at least 128 bits of strength each (SP 800-57 part 1, table 2). */
const started: TestKeys[] = []
afterAll(() => Promise.all(started.map((agent) => agent.stop())))

const strengthOf: Record<string, number> = {
  'aes-kw': 256,
  'aes-gcm': 256,
  'rsa-oaep-sha256': 128, // 3072 bits
  'hmac-sha256': 256,
  ed25519: 128,
  'ecdsa-p256-sha256': 128,
}

describe.each(['softhsm', 'nss'] as const)('the inventory of keys on %s', (module) => {
  test('[S31] each has a mechanism of 128 bits or more, and public keys are on the curves they should be on', async () => {
    const agent = await startTestKeys({ module })
    started.push(agent)
    const ops = agent.as('ops')
    const inventory = await ops.list()
    expect(new Set(inventory.map(({ use }) => use))).toEqual(new Set(['wrap', 'mac', 'sign']))
    for (const { key, mechanism, use } of inventory) {
      expect(strengthOf[mechanism], `${key}: ${mechanism}`).toBeGreaterThanOrEqual(128)
      if (use !== 'sign') continue
      const { asymmetricKeyType, asymmetricKeyDetails } = await ops.publicKey(key)
      expect([asymmetricKeyType, asymmetricKeyDetails?.namedCurve], key).toEqual(
        mechanism === 'ed25519' ? ['ed25519', undefined] : ['ec', 'prime256v1'],
      )
    }
    const { dek, wrapped } = await agent.keys.newDek('kek-pii', Buffer.from('context'))
    expect([dek.length, wrapped.length]).toEqual([32, 40]) // AES-256 under AES-256 key wrap
    expect(await agent.keys.mac('hk-pepper', Buffer.from('text'))).toHaveLength(32)
  })
})
