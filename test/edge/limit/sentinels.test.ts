import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHostsStore } from '../../../edge/limit/hosts-store.ts'
import type { Store } from '../../../edge/limit/store.ts'
import { openCertificates } from '../../../edge/tls/files.ts'
import { until } from '../../support/client.ts'
import { makeAuthority } from '../../support/lab-authority.ts'
import { freePort } from '../../support/port.ts'

/** Edges that ask a sentinel which Redis is the primary, as they do before a cluster: all over mutual TLS, as a user who may hardly anything. */
const dir = mkdtempSync(join(tmpdir(), 'cr-sentinels-'))
const running: ChildProcess[] = []
let primary: ChildProcess
let store: Store
beforeAll(async () => {
  const authority = await makeAuthority(dir)
  await authority.issue('redis', 'redis', ['redis.countroom.internal'])
  await authority.issue('edge', 'edge', ['edge.countroom.internal'])
  const [one, other, sentinel] = await Promise.all([freePort(), freePort(), freePort()])
  const { cert, key } = authority.files('redis')
  const ca = join(dir, 'tls/ca.pem')
  const common = (port: number) => [
    ...['port 0', `tls-port ${port}`, 'bind 127.0.0.1', 'tls-replication yes', 'tls-auth-clients yes', `dir ${dir}`],
    ...[`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${ca}`, 'requirepass whole'],
  ]
  const may = ['ping', 'eval', 'time', 'get', 'set', 'del', 'zadd', 'zremrangebyscore', 'pexpire', 'zcard']
  const user = `user edge on >secret resetchannels ~edge:* -@all ${may.map((word) => `+${word}`).join(' ')}`
  const begin = (program: string, name: string, lines: string[]) => {
    writeFileSync(join(dir, name), `${lines.join('\n')}\n`)
    const child = spawn(program, [join(dir, name)], { stdio: 'ignore' })
    running.push(child)
    return child
  }
  const redis = [user, 'masterauth whole', 'save ""', 'repl-diskless-sync-delay 0']
  primary = begin('redis-server', 'one.conf', [...common(one), ...redis])
  begin('redis-server', 'other.conf', [...common(other), ...redis, `replicaof 127.0.0.1 ${one}`])
  begin('redis-sentinel', 'sentinel.conf', [
    ...common(sentinel),
    'user edge on >secret resetchannels -@all +ping +sentinel|get-master-addr-by-name',
    `sentinel monitor countroom 127.0.0.1 ${one} 1`,
    ...['auth-pass countroom whole', 'down-after-milliseconds countroom 1000', 'failover-timeout countroom 5000'].map(
      (words) => `sentinel ${words}`,
    ),
  ])
  writeFileSync(join(dir, 'password'), 'secret', { mode: 0o600 })
  const certificates = openCertificates({ ...authority.files('edge'), ca, crl: join(dir, 'tls/revoked.pem') })
  store = openHostsStore(
    {
      sentinels: [{ host: '127.0.0.1', port: sentinel }],
      component: 'redis',
      user: 'edge',
      passwordFile: join(dir, 'password'),
      hostsMin: 1,
    },
    certificates,
  )
})
afterAll(() => {
  store?.close()
  for (const child of running) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

const charged = () =>
  until(
    'an answer',
    async () => await store.charge([{ key: 'k', step: 1000, tolerance: 1_000_000, used: 0, wanted: 1 }]),
    40,
  )

test('limits are counted at the primary, and at the next one when it has died', { timeout: 120_000 }, async () => {
  expect((await charged())[0]).toMatchObject({ granted: 1 })
  const noted = () => readFileSync(join(dir, 'sentinel.conf'), 'utf8')
  await until('the sentinel knows the other', async () => noted().includes('known-replica countroom') || undefined, 30)
  await new Promise((resolve) => setTimeout(resolve, 1000)) // and has asked it how far it is
  primary.kill('SIGKILL')
  await until('that it is gone', async () => !store.open || undefined)
  expect((await charged())[0]?.granted).toBe(1)
})
