// The first things first, in JavaScript that any Node from 18 on can run: system packages, npm packages, the pinned Node.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.countroom-stamp')
const bytesFreeMin = 1024 ** 3

export const pinnedNode = join(modules, `node-linux-${process.arch}`, 'bin', 'node')

/** Makes sure everything is installed; says what it does and how long it took. Ends the process with one message if it cannot. */
export function prepare({ forTests = false } = {}) {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    fail('Countroom runs on Linux, x64 or arm64.', `This is ${process.platform} ${process.arch}.`)
  checkDisk()
  installSystemPackages(forTests)
  installModules()
}

/** Runs the pinned Node on a file of the project and ends with its exit code. */
export function runPinned(args, environment = {}) {
  const result = spawnSync(pinnedNode, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } })
  return result.status ?? 1
}

export function fail(what, why, remedy) {
  process.stderr.write(`\n${what}\n${why ? `  ${why}\n` : ''}${remedy ? `  What helps: ${remedy}\n` : ''}`)
  process.exit(1)
}

export function step(title, work) {
  process.stdout.write(`  ${title} … `)
  const started = Date.now()
  const said = work()
  process.stdout.write(`${said ?? 'done'} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`)
}

function checkDisk() {
  if (!statfsSync) return // Node before 18.15
  const { bavail, bsize } = statfsSync(root)
  if (bavail * bsize < bytesFreeMin)
    fail(
      'The disk is nearly full.',
      `${root} has ${Math.round((bavail * bsize) / 1024 ** 2)} MiB left; set-up needs ${bytesFreeMin / 1024 ** 2}.`,
      'free some space, or clone to another disk; df -h shows them',
    )
}

const needs = [
  { package: 'postgresql', there: () => postgresqlDir() !== undefined },
  { package: 'redis-server', there: () => existsSync('/usr/bin/redis-server') },
  { package: 'softhsm2', there: () => existsSync('/usr/lib/softhsm/libsofthsm2.so') },
  { package: 'ca-certificates', there: () => existsSync('/etc/ssl/certs') },
]
const needsForTests = [
  { package: 'chromium', there: () => existsSync('/usr/bin/chromium') },
  { package: 'openssl', there: () => existsSync('/usr/bin/openssl') },
  { package: 'procps', there: () => existsSync('/usr/bin/ps') || existsSync('/bin/ps') },
]
const needsForAddon = [
  { package: 'python3', there: () => existsSync('/usr/bin/python3') || found('python3') },
  { package: 'make', there: () => found('make') },
  { package: 'g++', there: () => found('g++') },
]

function postgresqlDir() {
  return [18, 17, 16, 15]
    .map((version) => `/usr/lib/postgresql/${version}/bin`)
    .find((dir) => existsSync(join(dir, 'initdb')))
}

function installSystemPackages(forTests) {
  const wanted = [...needs, ...(forTests ? needsForTests : []), ...(addonLoads() ? [] : needsForAddon)]
  const missing = wanted.filter((need) => !need.there()).map((need) => need.package)
  if (missing.length === 0) return
  if (!found('apt-get'))
    fail(
      'Packages are missing and there is no apt to install them.',
      `Missing: ${missing.join(', ')}.`,
      'install them by hand, then start again',
    )
  const sudo = process.getuid() === 0 ? [] : ['sudo']
  if (sudo.length > 0 && !found('sudo'))
    fail(
      'Packages are missing and this user may not install them.',
      `Missing: ${missing.join(', ')}. You are not root, and there is no sudo.`,
      `as root: apt-get install --no-install-recommends ${missing.join(' ')}`,
    )
  if (sudo.length > 0 && run('sudo', ['-n', 'true']).status !== 0 && !process.stdin.isTTY)
    fail(
      'Packages are missing and sudo asks for a password.',
      `Missing: ${missing.join(', ')}.`,
      `sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
    )
  step(`system packages: ${missing.join(', ')}`, () => withQuietServices(sudo, () => apt(sudo, missing)))
}

function apt(sudo, packages) {
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages]
  let result = run(...asCommand([...sudo, ...install]), aptEnvironment)
  if (result.status !== 0) {
    run(...asCommand([...sudo, 'apt-get', 'update', '-q']), aptEnvironment) // the lists may be old or empty
    result = run(...asCommand([...sudo, ...install]), aptEnvironment)
  }
  if (result.status !== 0)
    fail(
      'apt could not install what is missing.',
      lastLines(result.stderr || result.stdout),
      `${[...sudo, ...install].join(' ')}`,
    )
}

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }

/**
 * Debian starts a database cluster and services when their packages are installed. Ours must not appear beside what an
 * operator runs: while we install, services stay down and no cluster is made; what was set before is put back.
 */
function withQuietServices(sudo, work) {
  const policy = '/usr/sbin/policy-rc.d'
  const cluster = '/etc/postgresql-common/createcluster.conf'
  const hadPolicy = existsSync(policy)
  const hadCluster = existsSync(cluster)
  const shell = (script) => run(...asCommand([...sudo, 'sh', '-c', script]))
  if (!hadPolicy) shell(`printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`)
  if (!hadCluster) shell(`mkdir -p ${dirname(cluster)} && echo 'create_main_cluster = false' > ${cluster}`)
  try {
    work()
  } finally {
    if (!hadPolicy) shell(`rm -f ${policy}`)
  }
}

function installModules() {
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.arch)
    .digest('hex')
  const present = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp
  if (!present) {
    step('npm packages from the lockfile, the pinned Node among them', () => {
      const result = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { ...process.env, NODE_ENV: '' })
      if (result.status !== 0)
        fail('npm could not install the packages.', lastLines(result.stderr), 'npm ci --ignore-scripts')
      if (!existsSync(pinnedNode))
        fail('The pinned Node is not there after installing.', pinnedNode, 'npm ci --include=optional')
    })
  }
  if (!addonLoads())
    step('the PKCS#11 add-on, compiled', () => {
      const headers = join(modules, `node-linux-${process.arch}`)
      const result = run('npm', ['rebuild', 'pkcs11js', '--ignore-scripts=false', `--nodedir=${headers}`], {
        ...process.env,
        npm_config_nodedir: headers,
        npm_config_ignore_scripts: 'false',
      })
      if (result.status !== 0 || !addonLoads())
        fail('The PKCS#11 add-on could not be compiled.', lastLines(result.stderr), 'apt-get install python3 make g++')
    })
  if (!present) writeFileSync(stampFile, stamp)
}

function addonLoads() {
  return existsSync(pinnedNode) && run(pinnedNode, ['-e', "require('pkcs11js')"]).status === 0
}

function found(command) {
  return (process.env.PATH ?? '').split(':').some((dir) => dir !== '' && existsSync(join(dir, command)))
}

function asCommand([command, ...args]) {
  return [command, args]
}

function run(command, args, env = process.env) {
  return spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 })
}

function lastLines(text) {
  return (text ?? '').trim().split('\n').slice(-6).join('\n  ')
}

export function scratch(name) {
  const dir = join(root, '.cache', name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  return dir
}
