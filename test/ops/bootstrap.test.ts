import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asNobody, type Ended, repository, spawnQuietly } from './command.ts'

/**
 * `npm start` on machines that lack things. A mount namespace hides the packages of this one and keeps what the
 * bootstrap writes to the system; PATH holds only what the test puts there.
 */
let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'cr-boot-'))
  chmodSync(scratch, 0o755)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const root = process.getuid?.() === 0
const hidden = ['/usr/lib/postgresql', '/usr/lib/softhsm']
const written = ['/usr/sbin', '/etc']

test('no apt: the packages are named, and what would install them', async () => {
  const { code, out } = await start({ commands: {} })
  expect(code, out).toBe(1)
  expect(out).toMatch(/there is no apt/)
  expect(out).toMatch(/Missing: postgresql, softhsm2\./)
  expect(out).toMatch(/What helps: .*apt-get install postgresql softhsm2/)
})

test('an ordinary user without sudo, or whose sudo asks: the command for root is named', async () => {
  const without = await start({ commands: { 'apt-get': 'exit 0' }, ordinary: true })
  expect(without.code).toBe(1)
  expect(without.out).toMatch(/not root, and there is no sudo/)
  expect(without.out).toContain('as root: apt-get install --no-install-recommends postgresql softhsm2')
  const asked = await start({ commands: { 'apt-get': 'exit 0', sudo: 'exit 1' }, ordinary: true })
  expect(asked.code).toBe(1)
  expect(asked.out).toMatch(/sudo asks for a password/)
  expect(asked.out).toContain('sudo apt-get install')
})

test('apt that fails is quoted, and what kept services down is put back', async () => {
  const { code, out } = await start({ commands: { 'apt-get': 'echo E: no such mirror >&2; exit 100' } })
  expect(code, out).toBe(1)
  expect(out).toMatch(/apt could not install[\s\S]*no such mirror[\s\S]*What helps: apt-get install/)
  expect(out).toContain(`policy: ${policyBefore()}`)
})

test('while packages are installed no service starts and no cluster is made; then all is as it was', async () => {
  const noted = join(scratch, 'seen')
  const { out } = await start({
    commands: {
      'apt-get': `{ echo "$DEBIAN_FRONTEND $*"; cat /usr/sbin/policy-rc.d /etc/postgresql-common/createcluster.conf; } >> ${noted}; exit 100`,
    },
    before: 'rm -f /usr/sbin/policy-rc.d; echo "# the operator\'s own" > /etc/postgresql-common/createcluster.conf',
    after: 'ls /usr/sbin/policy-rc.d /etc/postgresql-common/*before*; cat /etc/postgresql-common/createcluster.conf',
  })
  const seen = readFileSync(noted, 'utf8')
  expect(seen).toMatch(/^noninteractive install .*--no-install-recommends postgresql softhsm2$/m)
  expect(seen).toMatch(/^exit 101$/m)
  expect(seen).toMatch(/^create_main_cluster = false$/m)
  expect(seen).not.toContain("the operator's own")
  expect(out).toMatch(/cannot access '\/usr\/sbin\/policy-rc\.d'/)
  expect(out).toMatch(/cannot access '.*before/)
  expect(out).toMatch(/^# the operator's own$/m)
})

test('a policy of the operator is not touched', async () => {
  const { out } = await start({
    commands: { 'apt-get': 'cat /usr/sbin/policy-rc.d >&2; exit 100' },
    before: 'printf "#!/bin/sh\\nexit 0 # mine\\n" > /usr/sbin/policy-rc.d',
    after: 'cat /usr/sbin/policy-rc.d',
  })
  expect(out.match(/exit 0 # mine/g)?.length).toBeGreaterThan(1)
  expect(out).not.toContain('exit 101')
})

/** Runs `npm start`'s first program where PostgreSQL and SoftHSM are not installed. */
function start(options: {
  commands: Record<string, string>
  ordinary?: boolean
  before?: string
  after?: string
}): Promise<Ended> {
  const empty = join(scratch, 'empty')
  mkdirSync(empty, { recursive: true })
  const user = options.ordinary ? `${asNobody.join(' ')} ` : ''
  const overlays = written.map((dir, index) => {
    const layer = mkdtempSync(join(scratch, `layer${index}-`))
    for (const part of ['upper', 'work']) mkdirSync(join(layer, part))
    return `mount -t overlay overlay -o lowerdir=${dir},upperdir=${layer}/upper,workdir=${layer}/work ${dir}`
  })
  const script = [
    'set -e',
    ...overlays,
    ...hidden.map((dir) => `mount --bind ${empty} ${dir}`),
    ...(options.before ? [options.before] : []),
    'set +e',
    `${user}env -i PATH=${commandsIn(options.commands)} COUNTROOM_HOME=${empty} ${process.execPath} ${repository}/ops/bootstrap/start.js`,
    'code=$?',
    ...(options.after ? [options.after] : ['echo "policy: $(cat /usr/sbin/policy-rc.d 2> /dev/null | head -1)"']),
    'exit $code',
  ].join('\n')
  const known = options.ordinary ? [`--map-user=${process.getuid?.()}`, '--keep-caps'] : ['--map-root-user']
  const namespace = root ? ['unshare', '--mount'] : ['unshare', '--user', ...known, '--mount']
  return spawnQuietly([...namespace, 'sh', '-c', script], process.env).ended
}

/** A PATH with what set-up itself needs of any machine, and the commands given, as shell. */
function commandsIn(commands: Record<string, string>): string {
  const dir = mkdtempSync(join(scratch, 'path-'))
  chmodSync(dir, 0o755)
  for (const name of ['sh', 'cat', 'cp', 'mv', 'rm', 'chmod', 'mkdir', 'mktemp', 'grep', 'tail'])
    writeFileSync(join(dir, name), `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`, { mode: 0o755 })
  for (const [name, body] of Object.entries(commands))
    writeFileSync(join(dir, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return dir
}

function policyBefore(): string {
  const policy = '/usr/sbin/policy-rc.d'
  return existsSync(policy) ? (readFileSync(policy, 'utf8').split('\n')[0] ?? '') : ''
}
