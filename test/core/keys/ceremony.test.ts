import { randomBytes, verify } from 'node:crypto'
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstBadLine, type Keys, type KeysBackup } from '#keys'
import { holdCeremony, startTestKeys, type TestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'

/** The ceremony, and a second node that joins with a quorum of custodians. */
const custodians = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan']
const threshold = 3
const context = Buffer.from('["plr_ada","contact",1]')
const families = [
  'kek-pii',
  'kek-backup',
  'hk-email-index',
  'hk-pepper',
  'hk-dek-binding',
  'sk-audit',
  'sk-manifest',
  'sk-token',
  'sk-ca-root',
  'sk-ca-issuing',
]

async function rotateAll(keys: Keys): Promise<void> {
  for (const family of families) await keys.activate((await keys.create(family)).key)
}

/** Which of the keys of a backup a quorum could open. */
const copiesIn = ({ body }: KeysBackup) =>
  (JSON.parse(body) as { entries: Array<{ key: string; copy?: unknown }> }).entries
    .filter(({ copy }) => copy)
    .map(({ key }) => key)

const refusal = (code: string) => expect.objectContaining({ code })

describe.each(testModules)('on %s', (module) => {
  let first: TestKeys
  let ops: Keys
  let shares: string[]
  let backup: KeysBackup
  beforeAll(async () => {
    first = await startTestKeys({ module })
    ops = first.as('ops')
  })
  const started: TestKeys[] = []
  afterAll(() => Promise.all([first, ...started].map((agent) => agent.stop())))

  async function secondNode(): Promise<TestKeys> {
    const node = await startTestKeys({ module, config: { firstStart: 'join' } })
    started.push(node)
    return node
  }

  describe('the ceremony', () => {
    test('[S44] nobody alone can restore: at least two of them, and each one once', async () => {
      for (const bad of [
        { custodians: ['Ada'], threshold: 1 },
        { custodians, threshold: 1 },
        { custodians, threshold: 6 },
        { custodians: ['Ada', 'ada '], threshold: 2 },
        { custodians: ['Ada', ''], threshold: 2 },
      ])
        await expect(ops.ceremonyBegin(bad), JSON.stringify(bad)).rejects.toThrow(refusal('keys.ceremony_invalid'))
      await expect(ops.backup()).rejects.toThrow(refusal('keys.no_ceremony'))
    })

    test('nothing hangs on shares before they are handed out: broken off, begun again or after a restart they are worth nothing', async () => {
      const before = await ops.list()
      const one = await ops.ceremonyBegin({ custodians, threshold })
      const other = await ops.ceremonyBegin({ custodians, threshold })
      await expect(ops.ceremonyFinish(one.recovery)).rejects.toThrow(refusal('keys.ceremony_lost'))
      await first.kill()
      await first.restart()
      await expect(ops.ceremonyFinish(other.recovery)).rejects.toThrow(refusal('keys.ceremony_lost'))
      expect(await ops.list()).toEqual(before)
      expect((await ops.statusOfCeremony()).recovery).toBeUndefined()
    })

    test('[S42] gives each custodian one share, as long as the whole secret, in letters that can be typed', async () => {
      ;({ shares } = await holdCeremony(ops, { custodians, threshold }))
      expect(new Set(shares).size).toBe(custodians.length)
      // 32 bytes of secret would be 52 letters; the rest names the recovery key and guards against slips.
      for (const share of shares) expect(share).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){17}[0-9A-HJKMNP-TV-Z]{1,4}$/)
      const kept =
        readFileSync(join(first.dir, 'state/register.json'), 'utf8') +
        readFileSync(join(first.dir, 'state/journal.jsonl'), 'utf8')
      for (const share of shares) expect(kept).not.toContain(share.slice(20, 40))
    })

    test('from then on keys are born outside, kept as sealed copies, and cannot be taken out of the token [GLI-B.6.2g]', async () => {
      expect((await ops.statusOfCeremony()).unsealed).toContain('kek-pii-1')
      await rotateAll(ops)
      const entries = await ops.list()
      for (const { key, state, origin, family } of entries)
        if (state === 'active' && family !== 'hk-register') expect(origin, key).toBe('ceremony')
      for (const [key, found] of Object.entries(await ops.attributes()))
        expect(found, key).toMatchObject({ sensitive: true, extractable: false, private: true })
      const status = await ops.statusOfCeremony()
      expect(status).toMatchObject({ recovery: { threshold, custodians }, waiting: false, restoring: null })
      expect(status.sealed).toEqual(families.map((family) => `${family}-2`))
      await ops.health()
    })
  })

  describe('a second node', () => {
    let made: Awaited<ReturnType<Keys['newDek']>>
    let index: Buffer

    test('[S42] cannot join while keys in use were born in the token of the first: they are named', async () => {
      made = await first.keys.newDek('kek-pii', context)
      index = await first.keys.mac('hk-email-index', context)
      backup = await ops.backup()
      const node = (await secondNode()).as('ops')
      await node.restoreBegin(backup)
      for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
      await expect(node.restoreFinish()).rejects.toThrow(/kek-pii-1.*were born in their token/)
      expect(await node.list()).toHaveLength(1)
    })

    test('[S44] below the threshold, with a share twice, a foreign or a mistyped one, nothing happens', async () => {
      for (const family of families.filter((name) => !name.startsWith('sk'))) await ops.destroy(`${family}-1`)
      backup = await ops.backup()
      const { shares: foreign } = await holdCeremony((await secondNode()).as('ops'), { custodians, threshold: 2 })
      const agent = await secondNode()
      const node = agent.as('ops')
      await expect(node.restoreShare(shares[0]!)).rejects.toThrow(refusal('keys.no_restore'))
      await node.restoreBegin(backup)
      expect((await node.restoreShare(shares[4]!)).given).toEqual(['Alan'])
      await expect(node.restoreShare(shares[4]!.toLowerCase())).rejects.toThrow(refusal('keys.share_given'))
      await expect(node.restoreShare(foreign[0]!)).rejects.toThrow(refusal('keys.share_foreign'))
      const letter = shares[1]![30] === '7' ? '8' : '7'
      const slip = `${shares[1]!.slice(0, 30)}${letter}${shares[1]!.slice(31)}`
      await expect(node.restoreShare(slip)).rejects.toThrow(refusal('keys.share_malformed'))
      await node.restoreShare(shares[1]!)
      await expect(node.restoreFinish()).rejects.toThrow(refusal('keys.shares_missing'))
      expect(await node.list()).toHaveLength(1)
      await expect(node.health()).rejects.toThrow(refusal('keys.waiting'))
    })

    test('with a quorum works with the same keys: data keys, blind indexes, signatures, states', async () => {
      const agent = await secondNode()
      const node = agent.as('ops')
      await node.restoreBegin(backup)
      for (const share of [shares[3], shares[0], shares[2]]) await node.restoreShare(share!)
      const { imported } = await node.restoreFinish()
      expect(imported).toEqual(families.map((family) => `${family}-2`))
      expect(await agent.keys.openDek(made.kek, context, made.wrapped, made.binding)).toEqual(made.dek)
      expect(await agent.keys.mac('hk-email-index', context)).toEqual(index)
      const back = await agent.keys.newDek('kek-pii', context)
      expect(await first.keys.openDek(back.kek, context, back.wrapped, back.binding)).toEqual(back.dek)
      for (const family of ['sk-manifest', 'sk-ca-issuing']) {
        const { signature, key, algorithm } = await node.signMessage(family, context)
        const publicKey = await first.keys.publicKey(key)
        expect(
          verify(
            algorithm === 'ed25519' ? null : 'sha256',
            context,
            { key: publicKey, dsaEncoding: 'ieee-p1363' },
            signature,
          ),
        ).toBe(true)
      }
      const states = async (keys: Keys) =>
        (await keys.list())
          .filter((entry) => families.includes(entry.family) && entry.epoch > 1)
          .map(({ key, state, check }) => ({ key, state, check }))
      expect(await states(node)).toEqual(await states(ops))
      for (const [key, found] of Object.entries(await node.attributes()))
        expect(found, key).toMatchObject({ sensitive: true, extractable: false })

      await agent.kill()
      await agent.restart()
      await node.health()

      // The first node goes on rotating; the second follows with another quorum.
      const { key: next } = await ops.create('kek-pii')
      const early = await ops.backup()
      await ops.activate(next)
      const later = await first.keys.newDek('kek-pii', context)
      await ops.destroy('kek-pii-2')
      await node.restoreBegin(await ops.backup())
      for (const share of [shares[1], shares[4], shares[2]]) await node.restoreShare(share!)
      expect(await node.restoreFinish()).toEqual({ imported: ['kek-pii-3'], updated: ['kek-pii-2'] })
      expect(await agent.keys.openDek(later.kek, context, later.wrapped, later.binding)).toEqual(later.dek)
      await expect(agent.keys.openDek(made.kek, context, made.wrapped, made.binding)).rejects.toThrow(
        refusal('keys.state'),
      )

      const known = await node.list()
      await node.restoreBegin(early)
      for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
      await expect(node.restoreFinish()).rejects.toThrow(/older than what happened here to kek-pii-3/)
      expect(await node.list()).toEqual(known)

      // What was destroyed on the first is in no backup of the second either.
      expect(copiesIn(await node.backup())).toEqual(copiesIn(await ops.backup()))
      expect(copiesIn(await node.backup())).not.toContain('kek-pii-2')

      const lines = await node.journal(0, 1000)
      expect(firstBadLine(lines)).toBeUndefined()
      expect(lines.filter((line) => line.operation === 'restore-share' && line.outcome === 'done')).toHaveLength(9)
      expect(JSON.stringify(lines)).not.toContain(shares[0]!.slice(0, 9))
    })

    test('[S43] a key that was given up by name leaves no copy behind, and where no other node has it its family goes on with the next epoch', async () => {
      const node = (await secondNode()).as('ops')
      await node.restoreBegin(backup)
      for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
      expect((await node.restoreFinish(['sk-token-2'], true)).imported).not.toContain('sk-token-2')
      const kept = copiesIn(backup).filter((key) => key !== 'sk-token-2')
      expect(copiesIn(await node.backup()).sort()).toEqual([...kept, 'sk-token-3'].sort())
    })

    test('[S43] a ceremony that was broken off before its rotations leaves no copy of anything: given up, all of it begins anew', async () => {
      const own = await startTestKeys({ module })
      started.push(own)
      const head = (size: number, filler = size) => ({ size, root: Buffer.alloc(32, filler) })
      const sign = (keys: Keys, next: ReturnType<typeof head>, after?: ReturnType<typeof head>) =>
        keys.signCheckpoint(`countroom/test\n${next.size}\n${next.root.toString('base64')}\n`, after)
      await sign(own.as('work'), head(10), undefined)
      const held = await holdCeremony(own.as('ops'), { custodians, threshold })
      const agent = await secondNode()
      const node = agent.as('ops')
      await node.restoreBegin(await own.as('ops').backup())
      for (const share of held.shares.slice(0, threshold)) await node.restoreShare(share)
      await node.restoreFinish(
        families.map((family) => `${family}-1`),
        true,
      )
      const active = (await node.list()).filter(({ state }) => state === 'active').map(({ key }) => key)
      expect(active).toEqual(expect.arrayContaining(families.map((family) => `${family}-2`)))
      await agent.kill()
      await agent.restart()
      await node.health()
      const dek = await agent.keys.newDek('kek-pii', context)
      expect(await agent.keys.openDek(dek.kek, context, dek.wrapped, dek.binding)).toEqual(dek.dek)
      // The log goes on where it was, under a key that nobody has handed it to: who checks it has to be told of that one.
      await expect(sign(agent.as('work'), head(12), head(10, 99))).rejects.toThrow(refusal('keys.log_rewound'))
      const signed = await sign(agent.as('work'), head(12), head(10))
      expect(signed.key).toBe('sk-audit-2')
      expect((await node.list()).find(({ key }) => key === 'sk-audit-2')?.handover).toBeUndefined()
      expect(copiesIn(await node.backup())).toEqual(expect.arrayContaining(families.map((family) => `${family}-2`)))
    })

    test('a restore that fails half-way leaves no key in the token, and can be tried again', async () => {
      const agent = await secondNode()
      const node = agent.as('ops')
      const before = await node.list()
      await node.restoreBegin(backup)
      for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
      const blocked = join(agent.dir, 'state/register.json.new')
      mkdirSync(blocked)
      await expect(node.restoreFinish()).rejects.toThrow(refusal('keys.module_failed'))
      await expect(node.health()).rejects.toThrow(refusal('keys.waiting')) // and not: unsound
      expect(await node.list()).toEqual(before)
      rmdirSync(blocked)
      expect((await node.restoreFinish()).imported).toContain('kek-pii-2')
      await node.health()
    })

    test('[S45] a backup that somebody changed is refused by everybody who has a quorum', async () => {
      const agent = await secondNode()
      const node = agent.as('ops')
      const forged = JSON.parse(backup.body) as { entries: Array<{ key: string; copy?: unknown }> }
      const [one, other] = ['kek-pii-2', 'kek-backup-2'].map(
        (key) => forged.entries.find((entry) => entry.key === key)!,
      )
      ;[one!.copy, other!.copy] = [other!.copy, one!.copy]
      for (const body of [JSON.stringify(forged), backup.body.replace('decrypt-only', 'pre-active')]) {
        await node.restoreBegin({ ...backup, body })
        for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
        await expect(node.restoreFinish()).rejects.toThrow(refusal('keys.backup_forged'))
      }
      await expect(node.restoreBegin({ ...backup, body: '{}' })).rejects.toThrow(refusal('keys.backup_malformed'))
      expect(await node.list()).toHaveLength(1)
    })

    test('[S45] a backup in another file than it was written in is refused before anything is imported', async () => {
      const agent = await secondNode()
      const node = agent.as('ops')
      const whole = { digest: randomBytes(32), seal: await ops.sealFile(randomBytes(32)) }
      const own = { digest: whole.digest, seal: await node.sealFile(whole.digest) } // by its register: no custodian's word
      for (const file of [whole, own]) {
        await node.restoreBegin(backup, file)
        for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
        await expect(node.restoreFinish()).rejects.toThrow(refusal('keys.backup_forged'))
        expect(await node.list()).toHaveLength(1)
      }
      await node.restoreBegin(backup, { digest: whole.digest, seal: await ops.sealFile(whole.digest) })
      for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
      expect((await node.restoreFinish()).imported).not.toEqual([])
    })

    test('a node that has keys of its own joins nobody', async () => {
      const own = await startTestKeys({ module })
      started.push(own)
      const node = own.as('ops')
      await rotateAll(node)
      await node.restoreBegin(backup)
      for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
      await expect(node.restoreFinish()).rejects.toThrow(refusal('keys.foreign'))
    })
  })

  describe('[S44] what custodians hold', () => {
    test('a quorum of strangers is none: their backup does not get into a token that has custodians', async () => {
      const stranger = await secondNode()
      const theirs = stranger.as('ops')
      const { shares: foreign } = await holdCeremony(theirs, { custodians: ['Mallory', 'Mallory Two'], threshold: 2 })
      const before = await ops.list()
      await ops.restoreBegin(await theirs.backup())
      for (const share of foreign) await ops.restoreShare(share)
      await expect(ops.restoreFinish()).rejects.toThrow(refusal('keys.custodians_foreign'))
      expect(await ops.list()).toEqual(before)
      await ops.health()
    })

    test('another ceremony wants their consent; then no key is left without a copy, and other nodes follow', async () => {
      const agent = await secondNode()
      const node = agent.as('ops')
      await node.restoreBegin(await ops.backup())
      for (const share of shares.slice(0, threshold)) await node.restoreShare(share)
      await node.restoreFinish()

      const next = { custodians: ['Katherine', 'Dorothy', 'Mary'], threshold: 2 }
      const { sealed } = await ops.statusOfCeremony()
      await expect(ops.ceremonyBegin(next)).rejects.toThrow(refusal('keys.shares_missing'))
      await expect(ops.ceremonyBegin({ ...next, shares: shares.slice(0, threshold - 1) })).rejects.toThrow(
        refusal('keys.shares_missing'),
      )
      const twice = [shares[0]!, shares[0]!, shares[1]!]
      await expect(ops.ceremonyBegin({ ...next, shares: twice })).rejects.toThrow(refusal('keys.share_given'))
      expect((await ops.statusOfCeremony()).recovery?.custodians).toEqual(custodians)

      const made = await holdCeremony(ops, { ...next, shares: shares.slice(1, 1 + threshold) })
      expect(await ops.statusOfCeremony()).toMatchObject({ recovery: next, sealed })
      const later = await ops.backup()
      await node.restoreBegin(later)
      for (const share of made.shares.slice(0, 2)) await node.restoreShare(share)
      await node.restoreFinish()
      expect((await node.statusOfCeremony()).recovery?.custodians).toEqual(next.custodians)

      const third = await secondNode()
      await third.as('ops').restoreBegin(later)
      for (const share of made.shares.slice(1)) await third.as('ops').restoreShare(share)
      await third.as('ops').restoreFinish()
      expect(await third.keys.mac('hk-email-index', context)).toEqual(await first.keys.mac('hk-email-index', context))
      const { kek, dek, wrapped, binding } = await first.keys.newDek('kek-pii', context)
      expect(await third.keys.openDek(kek, context, wrapped, binding)).toEqual(dek)
    })
  })

  test('where keys may be born in a ceremony only, the agent waits for it and then has all of them', async () => {
    const agent = await startTestKeys({ module, config: { birth: 'ceremony', rotationDays: { 'kek-pii': 7 } } })
    started.push(agent)
    const node = agent.as('ops')
    await expect(node.health()).rejects.toThrow(refusal('keys.waiting'))
    await expect(node.create('kek-pii')).rejects.toThrow(refusal('keys.waiting'))
    await holdCeremony(node, { custodians, threshold })
    await agent.keys.health()
    expect((await node.statusOfCeremony()).unsealed).toEqual([])
    expect((await agent.keys.newDek('kek-pii', context)).dek).toHaveLength(32)
    const { rotateBefore } = (await node.list()).find(({ key }) => key === 'kek-pii-1')!
    expect(Date.parse(rotateBefore!) - Date.now()).toBeLessThan(7 * 86_400_000 + 1)
    expect(Date.parse(rotateBefore!) - Date.now()).toBeGreaterThan(6.9 * 86_400_000)
  })
})
