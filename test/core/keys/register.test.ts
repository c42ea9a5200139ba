import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Keys } from '#keys'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'

/** Families, epochs and states, and what the register notices when somebody else has been at the token. */
const context = Buffer.from('["plr_ada","contact",1]')

describe.each(testModules)('on %s', (module) => {
  let agent: TestKeys
  let ops: Keys
  let core: Keys
  let work: Keys
  beforeAll(async () => {
    agent = await startTestKeys({ module })
    ;[core, work, ops] = [agent.keys, agent.as('work'), agent.as('ops')]
  })
  afterAll(() => agent.stop())

  const stateOf = async (key: string) => (await ops.list()).find((entry) => entry.key === key)?.state
  const rotate = async (family: string) => (await ops.activate((await ops.create(family)).key)).key

  describe('epochs', () => {
    test('[S38] each family has one active epoch, with the day its rotation is due [GLI-B.6.3b]', async () => {
      const entries = await ops.list()
      const active = entries.filter((entry) => entry.state === 'active')
      expect(active.map((entry) => entry.family)).toEqual([...new Set(entries.map((entry) => entry.family))])
      expect(active.map((entry) => entry.family)).toContain('sk-ca-issuing')
      for (const entry of active)
        expect(Date.parse(entry.rotateBefore!), entry.key).toBeGreaterThan(Date.now() + 80 * 86_400_000)
    })

    test('a new epoch is of no use before it is activated; then the old one only opens [GLI-B.6.3d] [GLI-B.6.3e]', async () => {
      const { key } = await ops.create('kek-pii')
      await expect(core.newDek(key, context)).rejects.toMatchObject({ code: 'keys.state', kind: 'conflict' })
      const old = await core.newDek('kek-pii', context)
      await ops.activate(key)
      expect([await stateOf(old.kek), await stateOf(key)]).toEqual(['decrypt-only', 'active'])
      expect(await core.openDek(old.kek, context, old.wrapped, old.binding)).toEqual(old.dek)
      await expect(core.newDek(old.kek, context)).rejects.toMatchObject({ code: 'keys.state' })
      expect((await core.newDek('kek-pii', context)).kek).toBe(key)
    })

    test('re-wrapped data keys are the same under the active epoch, bound to the same places', async () => {
      const made = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const place = Buffer.from(`place ${i}`)
          return { context: place, ...(await core.newDek('kek-pii', place)) }
        }),
      )
      const key = await rotate('kek-pii')
      await rotate('hk-dek-binding')
      const again = await work.rewrapDeks(made)
      expect(again.map(({ kek }) => kek)).toEqual(made.map(() => key))
      for (const [i, { kek, wrapped, binding }] of again.entries()) {
        expect(wrapped).not.toEqual(made[i]!.wrapped)
        expect(await core.openDek(kek, made[i]!.context, wrapped, binding)).toEqual(made[i]!.dek)
        await expect(core.openDek(kek, Buffer.from('elsewhere'), wrapped, binding)).rejects.toThrow('keys.refused')
      }
      const moved = { ...made[0]!, context: made[1]!.context }
      await expect(work.rewrapDeks([made[2]!, moved])).rejects.toThrow('keys.refused')
    })

    test('[S43] a destroyed epoch is not in the token, opens nothing, and does not come back [GLI-B.6.3c]', async () => {
      const { kek, wrapped, binding } = await core.newDek('kek-pii', context)
      await expect(ops.destroy(kek)).rejects.toMatchObject({ code: 'keys.state' })
      await rotate('kek-pii')
      await ops.destroy(kek)
      expect(await stateOf(kek)).toBe('destroyed')
      expect(inToken(agent, 'list')).not.toContain(kek)
      await expect(core.openDek(kek, context, wrapped, binding)).rejects.toMatchObject({ code: 'keys.state' })
      await expect(ops.activate(kek)).rejects.toMatchObject({ code: 'keys.state' })
      expect(Number(/\d+$/.exec((await ops.create('kek-pii')).key))).toBeGreaterThan(Number(/\d+$/.exec(kek)))
    })

    test('values of an older MAC key can still be compared, and signatures of a destroyed one verified', async () => {
      const before = await core.mac('hk-pepper', context)
      const signer = await ops.active('sk-manifest')
      const publicKey = (await core.publicKey(signer)).export({ format: 'pem', type: 'spki' })
      await rotate('hk-pepper')
      await rotate('sk-manifest')
      expect(await core.mac('hk-pepper', context)).not.toEqual(before)
      expect(await core.mac('hk-pepper-1', context)).toEqual(before)
      await expect(ops.signMessage(signer, context)).rejects.toMatchObject({ code: 'keys.state' })
      await ops.destroy(signer)
      expect((await core.publicKey(signer)).export({ format: 'pem', type: 'spki' })).toEqual(publicKey)
    })

    test('all of it is so after a restart', async () => {
      const before = await ops.list()
      await agent.kill()
      await agent.restart()
      expect(await ops.list()).toEqual(before)
    })
  })

  describe('substitution', () => {
    // NSS puts an object in the place of one that has its id.
    const [twice, other] = [/more than one secret key named kek-backup-1/, /kek-backup-1 is another key/]
    const changes: Array<[string, string, RegExp]> = [
      ['a key replaced by another of its name', 'replace kek-backup-1', /kek-backup-1 is another key/],
      [
        'two labels swapped',
        'swap hk-email-index-1 hk-pepper-2',
        /hk-email-index-1 is another key.*hk-pepper-2 is another/,
      ],
      ['a second object of the same name', 'plant kek-backup-1', { softhsm: twice, nss: other }[module]],
      ['a key that nobody made here', 'plant kek-backup-9', /kek-backup-9 is in the token and not in the register/],
      ['a private key under another public one', 'swapPublic sk-ca-root-1 sk-token-1', /sk-ca-root-1 is another key/],
    ]
    test.each(changes)(
      '[S45] %s is noticed by a running agent and keeps it from starting',
      async (_what, words, said) => {
        const restore = keepToken(agent)
        inToken(agent, words)
        await expect(ops.health()).rejects.toThrow(said)
        await agent.kill()
        await expect(agent.restart()).rejects.toThrow(said)
        restore()
        await agent.restart()
        await ops.health()
      },
    )

    test('[S45] a key that is gone is named, and never made anew', async () => {
      const restore = keepToken(agent)
      inToken(agent, 'remove hk-email-index-1')
      await agent.kill()
      await expect(agent.restart()).rejects.toThrow(/it lacks hk-email-index-1\./)
      expect(inToken(agent, 'list')).not.toContain('hk-email-index-1')
      restore()
      await agent.restart()
    })

    test('[S45] a register that was changed, and one that is gone, stop the start', async () => {
      const file = join(agent.dir, 'state/register.json')
      const register = readFileSync(file, 'utf8')
      await agent.kill()
      writeFileSync(file, register.replace('decrypt-only', 'pre-active'))
      await expect(agent.restart()).rejects.toThrow('was changed by somebody else')
      rmSync(file)
      await expect(agent.restart()).rejects.toThrow(/register in .* is gone, and the token holds keys/)
      writeFileSync(file, register)
      await agent.restart()
    })
  })

  test('[S43] a copy of a destroyed key that an earlier version left in the register is gone with the next start', async () => {
    const file = join(agent.dir, 'state/register.json')
    const { sealedBy, register: text } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    const register = JSON.parse(text!) as { entries: Array<{ state: string; copy?: unknown }> }
    register.entries.find(({ state }) => state === 'destroyed')!.copy = { recovery: 'r', sealed: 'left', mac: 'm' }
    const left = JSON.stringify(register)
    const digest = createHash('sha256').update(`countroom-register-1|${sealedBy}|${left}`).digest('hex')
    await agent.kill()
    writeFileSync(file, JSON.stringify({ sealedBy, seal: inToken(agent, `mac ${sealedBy} ${digest}`), register: left }))
    await agent.restart()
    await ops.health()
    expect(readFileSync(file, 'utf8')).not.toContain('left')
    expect(readFileSync(file, 'utf8')).toContain('destroyed')
  })
})

test('a token of the first version is adopted: its keys under new names, what they made still good', async () => {
  const old = await startTestKeys({ before: (dir) => inToken({ dir }, 'first-version') })
  const entries = await old.as('ops').list()
  expect(entries.filter((entry) => entry.key === 'sk-audit-1' || entry.key === 'sk-ca-root-1')).toMatchObject([
    { mechanism: 'ecdsa-p256-sha256' },
    { mechanism: 'ecdsa-p256-sha256' },
  ])
  const names = inToken(old, 'list')
  expect(names).not.toMatch(/\bsk-ca\b(?!-)/)
  const { mac, wrapped, binding, dek } = JSON.parse(readFileSync(join(old.dir, 'made.json'), 'utf8')) as Record<
    string,
    string
  >
  const bytes = (text?: string) => Buffer.from(text ?? '', 'hex')
  expect(await old.keys.mac('hk-pepper', Buffer.from('text'))).toEqual(bytes(mac))
  expect(await old.keys.openDek('kek-pii-1', context, bytes(wrapped), bytes(binding))).toEqual(bytes(dek))
  await old.stop()
})

/** Does something to the token of an agent as somebody with the PIN could, in a process of its own. */
function inToken({ dir }: Pick<TestKeys, 'dir'>, words: string): string {
  const program = join(import.meta.dirname, '../../support/token.ts')
  return execFileSync(process.execPath, [program, dir, ...words.split(' ')], { encoding: 'utf8' })
}

/** Puts the files of a token aside; answers how to put them back. */
function keepToken({ dir }: TestKeys): () => void {
  const kept = mkdtempSync(join(tmpdir(), 'cr-kept-'))
  const files = ['tokens', 'nss'].map((folder) => join(dir, folder)).find(existsSync)!
  cpSync(files, kept, { recursive: true })
  return () => {
    rmSync(files, { recursive: true })
    cpSync(kept, files, { recursive: true })
    rmSync(kept, { recursive: true })
  }
}
