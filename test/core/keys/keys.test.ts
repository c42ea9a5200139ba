import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemCommand } from '#base'
import { blindIndex, normaliseEmail, open, type Place, seal, shred } from '#keys'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'

let agent: TestKeys
let db: TestDatabase

describe.each(testModules)('on %s', (module) => {
  beforeAll(async () => {
    ;[agent, db] = await Promise.all([startTestKeys({ module }), openTestDatabase()])
  })
  afterAll(async () => {
    await agent.stop()
    await db.stop()
  })

  const command = () => ({ ...systemCommand('test'), keys: agent.keys })
  const place: Place = {
    player: 'plr_ada',
    purpose: 'contact',
    table: 'players.players',
    column: 'email',
    row: 'plr_ada',
  }
  const sealAt = (where: Place, plaintext: string) => db.sql.begin((tx) => seal(tx, command(), { ...where, plaintext }))

  describe('the token', () => {
    test('gives no key away, and each key does one thing [GLI-B.6.3a]', async () => {
      const attributes = await agent.as('ops').attributes()
      expect(Object.keys(attributes)).toContain('kek-pii-1')
      for (const [name, found] of Object.entries(attributes)) {
        expect(found, name).toMatchObject({ sensitive: true, extractable: false, private: true })
        expect([found.wrap === true, found.sign === true].filter(Boolean), name).toHaveLength(1)
      }
    })

    test('a role may ask only what is written for it [GLI-B.6.3a]', async () => {
      await expect(agent.keys.sign('sk-ca-root', Buffer.alloc(32))).rejects.toThrow('keys.not_allowed')
      await expect(agent.keys.sign('sk-audit', Buffer.alloc(32))).rejects.toThrow('keys.not_allowed')
      await expect(agent.keys.attributes()).rejects.toThrow('keys.not_allowed')
      await expect(agent.as('ops').newDek('kek-pii-1', Buffer.from('x'))).rejects.toThrow('keys.not_allowed')
      await expect(agent.keys.mac('hk-dek-binding', Buffer.from('x'))).rejects.toThrow('keys.not_allowed')
      await expect(agent.keys.mac('nothing', Buffer.from('x'))).rejects.toThrow('keys.unknown_key')
    })

    test('what modules accept and should not is refused before it reaches them', async () => {
      await expect(agent.keys.mac('hk-pepper', Buffer.alloc(0))).rejects.toThrow('keys.refused')
      await expect(agent.as('work').sign('sk-ca-issuing', Buffer.alloc(31))).rejects.toThrow('keys.refused')
      await expect(
        agent.keys.openDek('kek-pii-1', Buffer.from('x'), Buffer.alloc(40), Buffer.alloc(32)),
      ).rejects.toThrow('keys.refused')
      await expect(agent.keys.random(1 << 20)).rejects.toThrow('keys.refused')
      expect(await agent.keys.random(32)).toHaveLength(32)
    })

    test('an agent that was killed is found again once it is back', async () => {
      await agent.kill()
      await expect(agent.as('core', 500).random(8)).rejects.toMatchObject({
        code: 'keys.unavailable',
        kind: 'unavailable',
      })
      await agent.restart()
      expect(await agent.keys.random(8)).toHaveLength(8)
    })
  })

  describe('envelopes', () => {
    test('what was sealed opens at its place, whatever it is', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
          const envelope = await sealAt(place, text)
          expect((await open(db.sql, agent.keys, { ...place, envelope })).toString()).toBe(Buffer.from(text).toString())
        }),
        { numRuns: 25 },
      )
    })

    test('moved to another row, column, table, player or purpose it does not open', async () => {
      const envelope = await sealAt(place, 'ada@example.com')
      await sealAt({ ...place, player: 'plr_bob' }, 'so that bob has a key')
      await sealAt({ ...place, purpose: 'kyc' }, 'so that the purpose has a key')
      for (const moved of [
        { row: 'plr_x' },
        { column: 'name' },
        { table: 't' },
        { player: 'plr_bob' },
        { purpose: 'kyc' as const },
      ])
        await expect(open(db.sql, agent.keys, { ...place, ...moved, envelope }), JSON.stringify(moved)).rejects.toThrow(
          'does not open',
        )
    })

    test('with any byte changed, or cut short, it does not open', async () => {
      const envelope = await sealAt(place, 'ada@example.com')
      for (let i = 0; i < envelope.length; i++) {
        const changed = Buffer.from(envelope)
        changed[i]! ^= 1
        await expect(open(db.sql, agent.keys, { ...place, envelope: changed })).rejects.toThrow()
        await expect(open(db.sql, agent.keys, { ...place, envelope: envelope.subarray(0, i) })).rejects.toThrow()
      }
    })

    test('a wrapped key moved to another player is noticed', async () => {
      await sealAt({ ...place, player: 'plr_eve' }, 'x')
      await db.admin`update keys.deks set (wrapped, binding) = (select wrapped, binding from keys.deks where player = 'plr_ada' and purpose = 'contact') where player = 'plr_eve'`
      const fresh = agent.as('core')
      const [row] = await db.admin<
        Array<{ wrapped: Buffer; binding: Buffer }>
      >`select wrapped, binding from keys.deks where player = 'plr_eve'`
      const context = Buffer.from(JSON.stringify(['plr_eve', 'contact', 1]))
      await expect(fresh.openDek('kek-pii-1', context, row!.wrapped, row!.binding)).rejects.toThrow('keys.refused')
    })

    test('shredded means gone', async () => {
      const envelope = await sealAt({ ...place, player: 'plr_gone' }, 'forget me')
      await db.sql.begin((tx) => shred(tx, 'plr_gone'))
      await expect(open(db.sql, agent.keys, { ...place, player: 'plr_gone', envelope })).rejects.toMatchObject({
        code: 'keys.shredded',
      })
    })
  })

  describe('the blind index', () => {
    test('one mailbox has one value, and nobody can compute it without the token', async () => {
      const index = (email: string) => blindIndex(db.sql, agent.keys, 'email', normaliseEmail(email))
      expect(await index('Ada@Example.COM ')).toEqual(await index('ada@example.com'))
      expect(await index('ada@example.com')).not.toEqual(await index('adb@example.com'))
    })
  })
})

test('normalising twice changes nothing, and look-alikes are refused', () => {
  fc.assert(
    fc.property(fc.emailAddress(), (email) => {
      let once: string
      try {
        once = normaliseEmail(email)
      } catch {
        return
      }
      expect(normaliseEmail(once)).toBe(once)
    }),
  )
  for (const email of [
    'a@b',
    '@b.com',
    'a@',
    'a b@c.com',
    'a@b@c.com',
    'a@[1.2.3.4]',
    'a@exa\u0000mple.com',
    '',
    `${'x'.repeat(300)}@b.com`,
  ])
    expect(() => normaliseEmail(email), email).toThrow(expect.objectContaining({ code: 'keys.email_malformed' }))
})

test('a process under the permission model cannot load an add-on', () => {
  const root = join(import.meta.dirname, '../../..')
  const tried = spawnSync(process.execPath, ['--permission', `--allow-fs-read=${root}`, '-e', "require('pkcs11js')"], {
    cwd: root,
  })
  expect(tried.status).not.toBe(0)
  expect(tried.stderr.toString()).toMatch(/addon/i)
})
