// The first things first, in JavaScript that any Node from 18 on can run: system packages, npm packages, the pinned Node.
import { spawn, spawnSync } from 'node:child_process'
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
export function prepare({ forTests = false, forConformance = false, forRivals = false } = {}) {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    fail('Countroom runs on Linux, x64 or arm64.', `This is ${process.platform} ${process.arch}.`)
  const missing = missingPackages({ forTests, forConformance, forRivals })
  const stamp = stampOfLockfile()
  if (missing.length === 0 && hasModules(stamp) && addonLoads()) return
  checkDisk()
  installSystemPackages(missing)
  if (!hasModules(stamp) || !addonLoads()) alone(() => installModules(stamp))
}

/** Runs the pinned Node on a file of the project and ends with its exit code. */
export function runPinned(args, environment = {}) {
  const result = spawnSync(pinnedNode, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } })
  return result.status ?? 1
}

/** The program itself, confined to its folder. As `runPinned`, but it stays: a signal that reaches this process only, such as npm's, is passed on. */
export function stayPinned(args) {
  const flags = ['--disable-warning=ExperimentalWarning', `--import=${join(root, 'ops/bootstrap/confine.js')}`]
  const child = spawn(pinnedNode, [...flags, 'ops/countroom.ts', ...args], { cwd: root, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code ?? 1))
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
  { package: 'pgbackrest', there: () => existsSync('/usr/bin/pgbackrest') },
  { package: 'softhsm2', there: () => existsSync('/usr/lib/softhsm/libsofthsm2.so') },
  { package: 'util-linux', there: () => existsSync('/usr/bin/setpriv') && existsSync('/usr/bin/flock') },
  { package: 'passwd', there: () => existsSync('/usr/sbin/useradd') },
  { package: 'ca-certificates', there: () => existsSync('/etc/ssl/certs') },
]
/** Where the settings want them. */
const needsForExporters = ['node', 'postgres', 'redis'].map((name) => ({
  package: `prometheus-${name}-exporter`,
  there: () => existsSync(`/usr/bin/prometheus-${name}-exporter`),
}))
const needsForTests = [
  ...needsForExporters,
  { package: 'chromium', there: () => existsSync('/usr/bin/chromium') },
  { package: 'openssl', there: () => existsSync('/usr/bin/openssl') },
  { package: 'gnutls-bin', there: () => existsSync('/usr/bin/certtool') },
  { package: 'libnss3-tools', there: () => existsSync('/usr/bin/certutil') }, // with libnss3, the second PKCS#11 module
  { package: 'pebble', there: () => existsSync('/usr/bin/pebble') }, // an authority for ACME
  { package: 'sslscan', there: () => existsSync('/usr/bin/sslscan') },
  { package: 'testssl.sh', there: () => existsSync('/usr/bin/testssl') },
  { package: 'procps', there: () => existsSync('/usr/bin/ps') || existsSync('/bin/ps') },
  { package: 'prometheus', there: () => existsSync('/usr/bin/promtool') },
  { package: 'prometheus-alertmanager', there: () => existsSync('/usr/bin/amtool') },
  { package: 'python3-swift', there: () => existsSync('/usr/lib/python3/dist-packages/swift/proxy/server.py') }, // a store that speaks S3; its services are in others
  { package: 'nagios4-core', there: () => existsSync('/usr/sbin/nagios4') },
  // A cluster on one machine.
  { package: 'patroni', there: () => existsSync('/usr/bin/patroni') },
  { package: 'python3-idna', there: () => existsSync('/usr/lib/python3/dist-packages/idna') }, // Patroni needs it over TLS
  { package: 'etcd-server', there: () => existsSync('/usr/bin/etcd') },
  { package: 'redis-sentinel', there: () => existsSync('/usr/bin/redis-sentinel') },
  { package: 'keepalived', there: () => existsSync('/usr/sbin/keepalived') },
  { package: 'tini', there: () => existsSync('/usr/bin/tini') }, // takes the dead away in each, as a machine's first process does
  { package: 'iproute2', there: () => existsSync('/usr/sbin/ip') || existsSync('/sbin/ip') },
]
// Batteries of tests of random numbers.
const needsForConformance = [
  { package: 'dieharder', there: () => existsSync('/usr/bin/dieharder') },
  { package: 'ent', there: () => existsSync('/usr/bin/ent') },
  { package: 'rng-tools5', there: () => existsSync('/usr/bin/rngtest') },
]
// Proxies that the edge is measured beside, and who asks them.
const needsForRivals = [
  { package: 'haproxy', there: () => existsSync('/usr/sbin/haproxy') },
  { package: 'nginx', there: () => existsSync('/usr/sbin/nginx') },
  { package: 'caddy', there: () => existsSync('/usr/bin/caddy') },
  { package: 'wrk', there: () => existsSync('/usr/bin/wrk') },
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

/** Settings that cannot be read are told by the start, in words. */
function wantsExporters() {
  const usual = process.getuid() === 0 ? '/var/lib/countroom' : join(root, 'var')
  try {
    return (
      JSON.parse(readFileSync(join(process.env.COUNTROOM_HOME || usual, 'countroom.json'), 'utf8')).exporters === true
    )
  } catch {
    return false
  }
}

function missingPackages({ forTests, forConformance, forRivals }) {
  const wanted = [
    ...needs,
    ...(wantsExporters() ? needsForExporters : []),
    ...(forTests ? needsForTests : []),
    ...(forConformance ? needsForConformance : []),
    ...(forRivals ? needsForRivals : []),
    ...(addonLoads() ? [] : needsForAddon),
  ]
  return wanted.filter((need) => !need.there()).map((need) => need.package)
}

function installSystemPackages(missing) {
  if (missing.length === 0) return
  if (!found('apt-get'))
    fail(
      'Packages are missing and there is no apt to install them.',
      `Missing: ${missing.join(', ')}.`,
      `install them with the package manager of this system, then npm start; on Debian: apt-get install ${missing.join(' ')}`,
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
  step(`system packages: ${missing.join(', ')}`, () => apt(sudo, missing))
}

function apt(sudo, packages) {
  const install = `apt-get install -o DPkg::Lock::Timeout=120 -y -q --no-install-recommends ${packages.join(' ')}`
  const result = run(...asCommand([...sudo, 'sh', '-c', quietly(install, packages)]), aptEnvironment)
  if (result.status !== 0)
    fail('apt could not install what is missing.', lastLines(result.stderr), [...sudo, install].join(' '))
}

/** What Debian would start at the next boot; ours are started by `countroom up`. */
const services = new Map([
  ['redis-server', 'redis-server'],
  ['redis-sentinel', 'redis-sentinel'],
  ['patroni', 'patroni'],
  ['etcd-server', 'etcd'],
  ['keepalived', 'keepalived'],
  ...['node', 'postgres', 'redis'].map((name) => [`prometheus-${name}-exporter`, `prometheus-${name}-exporter`]),
])

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }

/**
 * Debian starts a database cluster and services when their packages are installed. Ours must not appear beside what an
 * operator runs: while we install, services stay down and no cluster is made; what was set before is put back. One shell
 * does all of it, so that it is put back too when this process is ended meanwhile; what a shell that was killed has left
 * is known by our mark and cleared by the next one.
 */
function quietly(install, packages) {
  const mark = '# countroom: only while it installs packages'
  return `
    policy=/usr/sbin/policy-rc.d
    cluster=/etc/postgresql-common/createcluster.conf
    template=/usr/share/postgresql-common/createcluster.conf
    put_back() {
      grep -qsF '${mark}' $policy && rm -f $policy
      if grep -qsF '${mark}' $cluster; then
        if [ -e $cluster.before-countroom ]; then mv -f $cluster.before-countroom $cluster
        elif [ -e $template ]; then cp $template $cluster
        else rm -f $cluster
        fi
      fi
    }
    put_back
    said=$(mktemp) # a file and not a pipe: apt must not end because this process does
    trap 'put_back; rm -f $said' EXIT
    trap 'exit 130' INT TERM HUP
    [ -e $policy ] || { printf '#!/bin/sh\n${mark}\nexit 101\n' > $policy && chmod 755 $policy; } || exit 1
    mkdir -p /etc/postgresql-common
    [ -e $cluster ] && cp -p $cluster $cluster.before-countroom
    printf '${mark}\ncreate_main_cluster = false\n' > $cluster || exit 1
    { ${install} || { apt-get update -q; ${install}; }; } > $said 2>&1 || { tail -n 8 $said >&2; exit 1; }
    for service in ${packages
      .filter((name) => services.has(name))
      .map((name) => services.get(name))
      .join(' ')}; do
      command -v systemctl > /dev/null && systemctl --quiet disable $service 2> /dev/null
    done
    exit 0`
}

/** Two set-ups of one clone would spoil each other's work. */
function alone(work) {
  const lock = join(root, '.cache', 'setup.lock')
  const holder = existsSync(lock) ? readFileSync(lock, 'utf8').trim() : ''
  try {
    mkdirSync(dirname(lock), { recursive: true })
    if (!existsSync(`/proc/${holder || 'nobody'}`)) rmSync(lock, { force: true })
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
  } catch (error) {
    if (error.code === 'EEXIST')
      fail(
        `Another set-up of this clone is at work (process ${holder}).`,
        lock,
        'wait until it is done, then npm start',
      )
    fail('This user may not write to the clone, and it is not set up yet.', error.message, `as its owner: npm start`)
  }
  process.on('exit', () => rmSync(lock, { force: true }))
  work()
}

function stampOfLockfile() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.arch)
    .digest('hex')
}

function hasModules(stamp) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp
}

function installModules(stamp) {
  const present = hasModules(stamp)
  if (!present)
    step('npm packages from the lockfile, the pinned Node among them', () => {
      const result = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { ...process.env, NODE_ENV: '' })
      if (result.status !== 0)
        fail(
          'npm could not install the packages.',
          lastLines(result.stderr) || String(result.error?.message),
          'npm ci --ignore-scripts, which says more; behind a proxy: npm config set https-proxy <url>',
        )
      if (!existsSync(pinnedNode))
        fail('The pinned Node is not there after installing.', pinnedNode, 'npm ci --include=optional')
      addonHasLoaded = false // installing anew took the compiled one away
    })
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

let addonHasLoaded = false

function addonLoads() {
  addonHasLoaded ||= existsSync(pinnedNode) && run(pinnedNode, ['-e', "require('pkcs11js')"]).status === 0
  return addonHasLoaded
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
