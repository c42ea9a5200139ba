import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startTestKeys } from '../../support/keys.ts'
import { testModules, testPin } from '../../support/modules.ts'

/** Where the PIN comes from: a file that nobody else reads, a systemd credential, or whoever sits at the terminal. */
const dir = mkdtempSync(join(tmpdir(), 'cr-pin-'))
afterAll(() => rmSync(dir, { recursive: true }))

const file = (name: string, mode: number) => {
  const path = join(dir, name)
  writeFileSync(path, `${testPin}\n`)
  chmodSync(path, mode)
  return path
}
const serves = async (options: Parameters<typeof startTestKeys>[0]) => {
  const agent = await startTestKeys(options)
  await agent.keys.health()
  await agent.stop()
}

test.each([0o600, 0o440, 0o404, 0o500])(
  '[S37] a file with mode %o is refused, and how to set it right is said',
  async (mode) => {
    const path = file(`open-${mode}`, mode)
    await expect(startTestKeys({ config: { pin: { from: 'file', file: path } } })).rejects.toThrow(
      `run: chmod 400 ${path}`,
    )
  },
)

test.each(testModules)(
  'a file with mode 0400, a systemd credential and an answer at the prompt all open the token of %s',
  async (module) => {
    await serves({ module, config: { pin: { from: 'file', file: file(`closed-${module}`, 0o400) } } })
    mkdirSync(join(dir, 'credentials'), { recursive: true })
    writeFileSync(join(dir, 'credentials/token-pin'), testPin)
    const credential = { pin: { from: 'credential', name: 'token-pin' } }
    await serves({ module, config: credential, environment: { CREDENTIALS_DIRECTORY: join(dir, 'credentials') } })
    await serves({ module, config: { pin: { from: 'prompt' } }, input: `${testPin}\n` })
  },
)

test('without any PIN the agent does not start, and says why', async () => {
  const credential = { pin: { from: 'credential', name: 'token-pin' } }
  await expect(startTestKeys({ config: credential, environment: { CREDENTIALS_DIRECTORY: '' } })).rejects.toThrow(
    'no systemd credential token-pin',
  )
  await expect(startTestKeys({ config: { pin: { from: 'prompt' } }, input: '\n' })).rejects.toThrow('The PIN is empty')
})

test.each(testModules)(
  'a wrong PIN is told as such by %s, with an exit code that says: do not try again, or the token locks itself',
  async (module) => {
    const agent = await startTestKeys({ module })
    await agent.kill()
    const pin = join(agent.dir, 'pin')
    chmodSync(pin, 0o600)
    writeFileSync(pin, '00000000')
    chmodSync(pin, 0o400)
    await expect(agent.restart()).rejects.toThrow(/ended with 78: .*does not take the PIN \(.*CKR_PIN_INCORRECT/)
    await agent.stop()
  },
)

test('sockets belong to the group of the folder they stand in', async () => {
  const group = process.getuid?.() === 0 ? 65534 : process.getgid!()
  const agent = await startTestKeys({
    before(dir) {
      chownSync(dir, -1, group)
      chmodSync(dir, 0o2710)
    },
  })
  const { gid, mode } = statSync(agent.socket)
  await agent.stop()
  expect([gid, mode & 0o777]).toEqual([group, 0o660])
})
