import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstBadLine, type JournalLine, type Keys } from '#keys'
import { hashOfLine } from '../../../core/keys/journal.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'

/** What goes wrong in the middle of an act leaves an agent that serves, and that starts again. */
describe.each(testModules)('on %s', (module) => {
  let agent: TestKeys
  let ops: Keys
  const failFile = `/tmp/cr-fail-${process.pid}`
  beforeAll(async () => {
    const fails = join(import.meta.dirname, '../../support/fails.ts')
    agent = await startTestKeys({
      module,
      environment: { NODE_OPTIONS: `--import ${fails}`, COUNTROOM_FAIL: failFile },
    })
    ops = agent.as('ops', 20_000)
  })
  afterAll(async () => {
    rmSync(failFile, { force: true })
    await agent.stop()
  })

  const inState = (name: string) => join(agent.dir, 'state', name)
  const failed = expect.objectContaining({ code: 'keys.module_failed' })
  const inToken = (...words: string[]) =>
    execFileSync(process.execPath, [join(import.meta.dirname, '../../support/token.ts'), agent.dir, ...words], {
      encoding: 'utf8',
    })
  const lastLines = async (count: number) =>
    (await ops.journal(0, 1000)).slice(-count).map(({ operation, key, outcome }) => `${operation} ${key} ${outcome}`)

  async function again(): Promise<void> {
    await agent.kill()
    await agent.restart()
    await ops.health()
    expect(firstBadLine(await ops.journal(0, 1000))).toBeUndefined()
  }

  describe('a full disk', () => {
    const refused = expect.objectContaining({ code: 'keys.state' })
    /** The kernel lets the agent write no file beyond so many bytes: a line is cut there, as on a full disk. */
    const leave = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', String(agent.pid()), `--fsize=${bytes}:unlimited`])
    const size = () => statSync(inState('journal.jsonl')).size

    test('that cuts the first line of an act: there is no act and no line, and the next one stands whole', async () => {
      const before = size()
      leave(before + 40)
      for (let i = 0; i < 2; i++) await expect(ops.destroy('kek-pii-1')).rejects.toThrow(failed)
      expect(size()).toBe(before)
      leave('unlimited')
      await expect(ops.destroy('kek-pii-1')).rejects.toThrow(refused)
      await again()
    })

    test('that cuts the outcome of an act: the next act settles it first', async () => {
      const before = size()
      await expect(ops.destroy('kek-pii-1')).rejects.toThrow(refused)
      leave(size() + Math.floor((size() - before) * 0.7))
      await expect(ops.destroy('kek-pii-1')).rejects.toThrow(refused)
      expect(await lastLines(1)).toEqual(['destroy kek-pii-1 begun'])
      await expect(ops.create('kek-pii')).rejects.toThrow(failed)
      leave('unlimited')
      await expect(ops.destroy('kek-pii-1')).rejects.toThrow(refused)
      expect(await lastLines(3)).toEqual([
        'destroy kek-pii-1 interrupted',
        'destroy kek-pii-1 begun',
        'destroy kek-pii-1 refused',
      ])
      await again()
    })
  })

  describe('an act that fails leaves no key that nobody knows', () => {
    test('where the register cannot be written', async () => {
      mkdirSync(inState('register.json.new'))
      await expect(ops.create('kek-backup')).rejects.toThrow(failed)
      await ops.health()
      expect(await lastLines(1)).toEqual(['create kek-backup-2 failed'])
      rmdirSync(inState('register.json.new'))
      await again()
      expect((await ops.create('kek-backup')).key).toBe('kek-backup-2')
    })

    test('where the module fails at the key that was just made, and at taking it out again: the next act does that', async () => {
      writeFileSync(failFile, 'C_DestroyObject CKR_GENERAL_ERROR')
      mkdirSync(inState('register.json.new'))
      await expect(ops.create('hk-pepper')).rejects.toThrow(failed)
      await expect(ops.create('kek-pii')).rejects.toThrow(failed) // nothing is begun before
      rmdirSync(inState('register.json.new'))
      rmSync(failFile)
      expect((await ops.create('hk-pepper')).key).toBe('hk-pepper-2')
      expect((await lastLines(3))[0]).toBe('create hk-pepper-2 interrupted')
      await again()
    })

    test('where the module does not destroy: the key is gone for everybody, and out of the token with the next act', async () => {
      await ops.activate('hk-pepper-2')
      writeFileSync(failFile, 'C_DestroyObject CKR_GENERAL_ERROR')
      await expect(ops.destroy('hk-pepper-1')).rejects.toThrow(failed)
      await expect(agent.keys.mac('hk-pepper-1', Buffer.from('x'))).rejects.toThrow('is destroyed')
      rmSync(failFile)
      await ops.activate('hk-pepper-2')
      expect(inToken('list')).not.toContain('hk-pepper-1')
      await again()
    })

    test('where the module is lost in the middle: the agent ends, and comes back sound', async () => {
      writeFileSync(failFile, 'C_Sign,C_DestroyObject CKR_DEVICE_ERROR') // the key is made, and neither known nor taken out
      await expect(ops.create('hk-email-index')).rejects.toMatchObject({ code: 'keys.unavailable' })
      expect(await agent.ended()).toBe(1)
      rmSync(failFile)
      await agent.restart()
      await ops.health()
      expect(await lastLines(1)).toEqual(['create hk-email-index-2 interrupted'])
      expect((await ops.create('hk-email-index')).key).toBe('hk-email-index-2')
    })

    test('nor does one that an earlier version left keep the agent from starting; one that nobody tried to make does', async () => {
      await agent.kill()
      const journal = inState('journal.jsonl')
      let last = JSON.parse(readFileSync(journal, 'utf8').trim().split('\n').at(-1)!) as JournalLine
      for (const outcome of ['begun', 'failed'] as const) {
        const { number, hash: previous, at, role } = last
        const line = { number: number + 1, at, role, operation: 'create', key: 'sk-token-7', outcome, previous }
        last = { ...line, hash: hashOfLine(line) }
        appendFileSync(journal, `${JSON.stringify(last)}\n`)
      }
      inToken('plant', 'sk-token-7')
      inToken('plant', 'sk-token-8')
      await expect(agent.restart()).rejects.toThrow(/sk-token-8 is in the token and not in the register/)
      inToken('remove', 'sk-token-8')
      await agent.restart()
      await ops.health()
      expect(inToken('list')).not.toContain('sk-token-7')
    })
  })
})
