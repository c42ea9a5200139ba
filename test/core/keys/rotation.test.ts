import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as keys from '#keys'
import * as players from '#players'
import * as sessions from '#sessions'
import { forgetIndexes } from '../../../core/host/rotation.ts'
import { testModules } from '../../support/modules.ts'
import { rotator } from '../../support/rotation.ts'
import { origin } from '../../support/sign-in.ts'
import { openWorld, type World } from '../../support/world.ts'

describe.each(testModules)('on %s', (module) => {
  let world: World
  let rotation: ReturnType<typeof rotator>
  beforeAll(async () => {
    world = await openWorld({ module })
    rotation = rotator(world)
  })
  afterAll(() => world.stop())

  type Kept = { player: string; text: string; envelope: Buffer }

  const placeOf = (player: string): keys.Place => ({ player, purpose: 'contact', table: 't', column: 'c', row: player })
  let count = 0
  const keep = async (player = `plr_${++count}`): Promise<Kept> => {
    const text = randomBytes(8).toString('hex')
    const envelope = await world.act((tx) => keys.seal(tx, world.command(), { ...placeOf(player), plaintext: text }))
    return { player, text, envelope }
  }
  /** By a process that has opened no key before. */
  const readAll = async (kept: readonly Kept[], by = world.agent.keys) => {
    for (const { player, text, envelope } of kept)
      expect((await keys.open(world.sql, by, { ...placeOf(player), envelope })).toString()).toBe(text)
  }
  const epochsNamed = async () =>
    (await world.sql<Array<{ kek: string }>>`select distinct kek from keys.deks order by 1`).map(({ kek }) => kek)
  const stateOf = async (key: string) => (await rotation.ops.list()).find((entry) => entry.key === key)?.state

  describe('a key-encryption key', () => {
    test('is rotated while others read and write without an error, and the job dies at every batch [S38] [S43]', async () => {
      const kept = await Promise.all(Array.from({ length: 60 }, () => keep()))
      const old = await world.admin<Array<{ player: string; wrapped: Buffer; binding: Buffer }>>`
      select player, wrapped, binding from keys.deks where purpose = 'contact' and player like 'plr\\_%'`
      let over = false
      const errors: unknown[] = []
      const busy = (work: () => Promise<unknown>) =>
        (async () => {
          while (!over) await work().catch((error: unknown) => errors.push(error))
        })()
      const others = [
        busy(async () => kept.push(await keep())),
        busy(async () => kept.push(await keep(kept[0]?.player))),
        busy(() => readAll(kept.slice(-20))),
        busy(() => readAll(kept.slice(0, 20), world.agent.as('core'))),
      ]

      const epoch = await rotation.begin('kek-pii')
      let deaths = 0
      for (let done = false; !done; ) {
        let batches = 0
        const dying = {
          ...rotation.host.keys,
          rewrapDeks: async (items: Parameters<keys.Keys['rewrapDeks']>[0]) => {
            if (++batches === 2) throw new Error('killed')
            return rotation.host.keys.rewrapDeks(items)
          },
        }
        done = await rotation.run({ batch: 10, host: { keys: dying } }).then(
          async () => (await keys.openRotations(world.sql)).length === 0,
          (error: Error) => {
            expect(error.message).toBe('killed')
            deaths++
            return false
          },
        )
      }
      over = true
      await Promise.all(others)
      expect(errors).toEqual([])
      expect(deaths).toBeGreaterThanOrEqual(5)
      expect(await epochsNamed()).toEqual([epoch])
      await readAll(kept, world.agent.as('core'))
      const [ended] = await keys.rotations(world.sql)
      expect(ended).toMatchObject({ state: 'retired', epoch })
      expect(ended!.moved).toBeGreaterThanOrEqual(60)

      await rotation.ops.destroy('kek-pii-1')
      expect(await stateOf('kek-pii-1')).toBe('destroyed')
      expect(Object.keys(await rotation.ops.attributes())).not.toContain('kek-pii-1') // read from the token itself
      for (const { player, wrapped, binding } of old) {
        const context = Buffer.from(JSON.stringify([player, 'contact', 1]))
        for (const name of ['kek-pii-1', epoch, 'kek-pii'])
          await expect(world.agent.keys.openDek(name, context, wrapped, binding), name).rejects.toMatchObject({
            code: expect.stringMatching(/^keys\.(state|refused)$/),
          })
      }
      await readAll(kept, world.agent.as('core'))
    }, 30_000)

    test('that was retired while somebody was making a data key under it is not named again: the key is made anew', async () => {
      const active = await world.agent.keys.active('kek-pii')
      const asked = { player: 'plr_late', purpose: 'contact' as const, version: 1 }
      const early = await world.agent.keys.newDek('kek-pii', Buffer.from(JSON.stringify(Object.values(asked))))
      expect(early.kek).toBe(active)
      const epoch = await rotation.begin('kek-pii')
      await rotation.finish()
      let given = 0
      const slow: keys.Keys = {
        ...world.agent.keys,
        newDek: (kek, context) => (++given === 1 ? Promise.resolve(early) : world.agent.keys.newDek(kek, context)),
      }
      const envelope = await world.act((tx) =>
        keys.seal(tx, { ...systemCommand('test'), keys: slow }, { ...placeOf('plr_late'), plaintext: 'x' }),
      )
      expect(given).toBe(2)
      expect(await epochsNamed()).toEqual([epoch])
      await readAll([{ player: 'plr_late', text: 'x', envelope }])
    })

    test('a retirement waits for who is keeping a data key just now, and is tried again', async () => {
      const made = await world.agent.keys.newDek('kek-pii', Buffer.from('["plr_slow","contact",1]'))
      let keepIt = (): void => {}
      const held = new Promise<void>((resolve) => {
        keepIt = resolve
      })
      let begun = (): void => {}
      const kept = new Promise<void>((resolve) => {
        begun = resolve
      })
      const writer = world.act(async (tx) => {
        await tx`select keys.keep_dek('plr_slow', 'contact', 1, ${made.kek}, ${made.wrapped}, ${made.binding}, now())`
        begun()
        await held
      })
      await kept
      const epoch = await rotation.begin('kek-pii')
      await rotation.run()
      expect((await keys.openRotations(world.sql)).map(({ state }) => state)).toEqual(['moving'])
      keepIt()
      await writer
      await rotation.finish()
      expect(await epochsNamed()).toEqual([epoch])
      expect(made.kek).not.toBe(epoch)
    }, 15_000)

    test('the key that binds data keys to their rows is rotated like it, and binds all of them anew', async () => {
      const kept = await Promise.all(Array.from({ length: 5 }, () => keep()))
      const bound = () => keys.deksBoundUnder(world.sql, 'hk-dek-binding-1')
      expect(await bound()).toBeGreaterThan(4)
      const epoch = await rotation.begin('hk-dek-binding')
      kept.push(await keep())
      await rotation.run({ batch: 3 })
      expect(await keys.openRotations(world.sql)).toEqual([])
      expect(await bound()).toBe(0)
      expect(await keys.deksBoundUnder(world.sql, epoch)).toBe(await keys.deksUnder(world.sql, await epochsNamed()))
      await rotation.ops.destroy('hk-dek-binding-1')
      await readAll(kept, world.agent.as('core'))
    })

    test('one rotation of a family at a time', async () => {
      await world.act((tx) => keys.askRotation(tx, world.command(), 'kek-backup'))
      await expect(world.act((tx) => keys.askRotation(tx, world.command(), 'kek-backup'))).rejects.toMatchObject({
        code: 'keys.rotation_open',
      })
      await world.admin`delete from keys.rotations where family = 'kek-backup'`
    })

    test('data keys of two players that were swapped are noticed, at the next use and by a rotation, which moves the others [S45]', async () => {
      const [ada, eve, bob] = [await keep('plr_swap_a'), await keep('plr_swap_e'), await keep('plr_swap_b')]
      const swap = () => world.admin`
      update keys.deks d set wrapped = o.wrapped, binding = o.binding from keys.deks o
      where d.purpose = 'contact' and o.purpose = 'contact'
        and (d.player, o.player) in (('plr_swap_a', 'plr_swap_e'), ('plr_swap_e', 'plr_swap_a'))`
      await swap()
      for (const { player, envelope } of [ada, eve]) {
        await expect(keys.open(world.sql, world.agent.keys, { ...placeOf(player), envelope })).rejects.toThrow(
          keys.TamperedEnvelope,
        )
        await expect(keep(player)).rejects.toThrow(keys.TamperedEnvelope)
      }
      const epoch = await rotation.begin('kek-pii')
      await rotation.run()
      const left = await world.sql<Array<{ player: string }>>`
      select player from keys.deks where kek <> ${epoch} order by player`
      expect(left.map(({ player }) => player)).toEqual(['plr_swap_a', 'plr_swap_e'])
      expect((await keys.openRotations(world.sql)).length).toBe(1)
      await swap()
      await rotation.finish()
      await readAll([ada, eve, bob])
    })

    test('the application may not write data keys but by its functions', async () => {
      for (const text of [
        `update keys.deks set kek = 'x'`,
        `delete from keys.deks`,
        `insert into keys.deks values ('p', 'q', 1, 'k', '', '', now())`,
        `delete from keys.shredded`,
        `delete from keys.retired`,
      ])
        await expect(world.sql.unsafe(text), text).rejects.toMatchObject({ code: '42501' })
    })

    test('no nonce came twice under one key in the whole database [S35]', async () => {
      const columns = await world.admin<Array<{ column: string; key: string }>>`
      select format('%I.%I', c.table_schema, c.table_name) || '|' || format('%I', c.column_name) as column, '' as key
      from information_schema.columns c
      where c.data_type = 'bytea' and (c.table_schema, c.table_name, c.column_name) in (
        ('players', 'players', 'email'), ('players', 'players', 'profile'), ('cashier', 'instruments', 'details'),
        ('cashier', 'gateway_events', 'body'), ('audit', 'events', 'sealed'))`
      expect(columns).toHaveLength(5)
      await world.player()
      const parts = columns.map(({ column }) => {
        const [table, name] = column.split('|')
        return `select player, '${table}' || '.${name}' as place, substr(${name}, 3, 16) as head from ${table} where ${name} is not null`
      })
      const [found] = await world.admin.unsafe(
        `select count(*)::int as count, count(distinct (player, head))::int as heads from (${parts.join(' union all ')}) e`,
      )
      expect(found!.count).toBeGreaterThan(0)
      expect(found!.heads).toBe(found!.count)
    })
  })

  describe('data keys', () => {
    test('a renewed one seals from now on, the older one still opens what it sealed', async () => {
      const before = await keep('plr_renewed')
      expect(await world.act((tx) => keys.renewDek(tx, world.command(), 'plr_renewed', 'contact'))).toBe(2)
      const after = await keep('plr_renewed')
      expect([before, after].map(({ envelope }) => envelope.readUInt32BE(2))).toEqual([1, 2])
      await readAll([before, after])
      const older = Buffer.from(after.envelope)
      older.writeUInt32BE(1, 2)
      await expect(
        keys.open(world.sql, world.agent.keys, { ...placeOf('plr_renewed'), envelope: older }),
      ).rejects.toThrow(keys.TamperedEnvelope)
    })

    test('a shredded purpose is gone for good, its version is never used again, and a new consent gets a new key', async () => {
      const before = await keep('plr_consent')
      await world.act((tx) => keys.shred(tx, 'plr_consent', 'contact'))
      const opening = keys.open(world.sql, world.agent.keys, { ...placeOf('plr_consent'), envelope: before.envelope })
      await expect(opening).rejects.toMatchObject({ code: 'keys.shredded' })
      const after = await keep('plr_consent')
      expect(after.envelope.readUInt32BE(2)).toBe(2)
      await readAll([after])
    })

    test('nothing is sealed for who was erased; a version that never was is no erasure but tampering', async () => {
      const { envelope } = await keep('plr_erased')
      await world.act((tx) => keys.shred(tx, 'plr_erased'))
      await expect(keep('plr_erased')).rejects.toMatchObject({ code: 'keys.erased' })
      const other = Buffer.from((await keep('plr_there')).envelope)
      other.writeUInt32BE(9, 2)
      const place = placeOf('plr_there')
      await expect(keys.open(world.sql, world.agent.keys, { ...place, envelope: other })).rejects.toThrow(
        keys.TamperedEnvelope,
      )
      await expect(
        keys.open(world.sql, world.agent.keys, { ...placeOf('plr_erased'), envelope }),
      ).rejects.toMatchObject({
        code: 'keys.shredded',
      })
    })
  })

  describe('the index of addresses', () => {
    test('is rotated while people register and sign in: an address stays one player’s, and is always found', async () => {
      const found = (email: string) => players.findByEmail(world.sql, world.agent.keys, email)
      const register = async (email: string) => {
        const input = await world.registration({ email })
        return world.act((tx) => players.register(tx, world.command(), input))
      }
      const before = await Promise.all(Array.from({ length: 8 }, () => world.player()))
      const epoch = await rotation.begin('hk-email-index')

      const contested = 'contested@example.com'
      const winners = new Set(await Promise.all(Array.from({ length: 6 }, () => register(contested))))
      expect([...winners]).toEqual([(await found(contested))!.player]) // each replaces what nobody confirmed
      expect(await register(before[0]!.email)).toBeUndefined() // stands under the old epoch alone
      for (let moved = 0; moved < 3; moved++) {
        await rotation.run({ batch: 2, host: { keys: dyingAfter(2) } }).catch(() => {})
        for (const { email, player } of before) expect((await found(email))?.player).toBe(player)
      }
      await rotation.finish()
      expect(await register(before[1]!.email)).toBeUndefined()
      expect(await register(contested)).toBe([...winners][0])
      for (const { email, player } of before) expect((await found(email))?.player).toBe(player)
      await forgetIndexes({ ...rotation.host, now: () => new Date(Date.now() + 120_000) })
      for (const { email, player } of before) expect((await found(email))?.player).toBe(player)
      const named = await world.sql<Array<{ epoch: string }>>`select distinct epoch from players.email_indexes`
      expect(named.map((row) => row.epoch)).toEqual([epoch])
      await rotation.ops.destroy('hk-email-index-1')
      expect((await found(before[0]!.email))?.player).toBe(before[0]!.player)
      expect(await register('later@example.com')).toBeDefined()
    }, 20_000)

    function dyingAfter(calls: number): keys.Keys {
      let asked = 0
      return {
        ...rotation.host.keys,
        mac: async (key, data) => {
          if (++asked > calls) throw new Error('killed')
          return rotation.host.keys.mac(key, data)
        },
      }
    }
  })

  describe('the pepper', () => {
    const password = 'walrus tambourine quartz'
    const device = 'd'.repeat(43)
    const signIn = async (email: string) => {
      const fresh = world.agent.as('core') // a client may know the active epoch of some seconds ago
      const tried = await sessions.attempt(world.sql, fresh, {
        email,
        password,
        origin: origin({ device }),
        now: new Date(),
      })
      return world.act((tx) => sessions.begin(tx, world.command(), tried))
    }
    const hashOf = async (player: string) =>
      (
        await world.admin<Array<{ hash: string }>>`
      select password_hash as hash from sessions.credentials where player = ${player}`
      )[0]!.hash

    test('a hash names the epoch it needs, and gets today’s at the next sign-in; then the old one can go [S36]', async () => {
      const [ada, bob] = [await world.player(), await world.player()]
      await world.admin`delete from players.confirmations` // of those who registered above
      const old = await sessions.hashPassword(world.agent.keys, password)
      for (const { player } of [ada, bob])
        await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash: old }))
      const epoch = await rotation.begin('hk-pepper')
      await rotation.run()
      expect(await keys.openRotations(world.sql)).toMatchObject([{ family: 'hk-pepper', state: 'moving', total: 2 }])
      for (const [index, who] of [ada, bob].entries()) {
        expect(await signIn(who.email)).toHaveProperty('secret')
        expect(await hashOf(who.player)).toContain(`,keyid=${keys.keyIdOf(epoch)}$`)
        await rotation.run()
        expect(await keys.openRotations(world.sql)).toHaveLength(index === 0 ? 1 : 0)
      }
      await rotation.ops.destroy('hk-pepper-1')
      expect(await signIn(ada.email)).toHaveProperty('secret')
      expect(await keys.verifyPassword(world.agent.keys, `${password}x`, await hashOf(bob.player))).toBe(false)
    }, 20_000)

    test('without the token a stolen hash cannot be tried: its tag is not argon2’s own [GLI-B.2.3c]', async () => {
      const token = world.agent.as('core')
      const hash = await sessions.hashPassword(token, password)
      const other: Pick<keys.Keys, 'mac' | 'active'> = { active: token.active, mac: async () => randomBytes(32) }
      expect(await keys.verifyPassword(token, password, hash)).toBe(true)
      expect(await keys.verifyPassword(other, password, hash)).toBe(false)
      const bare = hash.replace(/,keyid=[^$]+/, '')
      expect(await keys.verifyPassword(token, password, bare)).toBe(false)
    })

    test('an unknown address is judged as before when the epoch of then is gone', async () => {
      const token = world.agent.as('core')
      expect(await keys.verifyPassword(token, password, undefined)).toBe(false)
      const gone = await token.active('hk-pepper')
      await rotation.begin('hk-pepper')
      await world.admin`delete from sessions.credentials`
      await world.admin`delete from players.confirmations`
      await rotation.finish()
      await rotation.ops.destroy(gone)
      expect(await keys.verifyPassword(world.agent.as('core'), password, undefined)).toBe(false)
    })
  })
})
