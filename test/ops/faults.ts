import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { readSecretFile, viewHome } from '../../ops/appliance/home.ts'
import { askReady } from '../../ops/appliance/nodes.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { inspectProgram } from '../../ops/appliance/program.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { agentSocket } from '../../ops/appliance/sockets.ts'
import type { Appliance } from '../../ops/appliance.ts'
import { until } from '../support/client.ts'
import { repository } from './command.ts'

export type Fault = {
  /** Spoils exactly one thing in a running appliance; answers how to set it right. */
  plant(): Promise<() => Promise<void>>
  evidence: RegExp
  remedy: RegExp
  /** How bad it is; broken without it. */
  severity?: 'warning'
  /** How much later the check forgets it. */
  minutesAfter?: number
}

/** One fault for each check of the doctor. */
export function faultsOf(appliance: Appliance): Record<string, Fault> {
  const home = viewHome(appliance.home)
  return {
    appliance: {
      plant: async () => moved('run/supervisor.lock'),
      evidence: /supervisor of .* is gone/,
      remedy: /npm start/,
    },
    processes: {
      async plant() {
        const restore = overwritten('run/sandbox.json', 'not a configuration')
        process.kill(pidOf('sandbox'), 'SIGTERM')
        const ends = () => appliance.processes().find((unit) => unit.name === 'sandbox')?.ends.length ?? 0
        await until('a loop', async () => (ends() >= 3 ? true : undefined))
        return async () => {
          restore()
          const port = appliance.card().ports.sandboxMetrics ?? 0
          await until('the sandbox', async () => ((await askReady(port)) === undefined ? true : undefined), 30)
        }
      },
      evidence: /sandbox ended \d+ times in the last 5 minutes/,
      remedy: /countroom logs sandbox/,
      minutesAfter: 6,
    },
    users: {
      async plant() {
        const socket = agentSocket(home, 'ops')
        chmodSync(socket, 0o666)
        return async () => chmodSync(socket, 0o660)
      },
      evidence: /^open to every user: \/.*\/run\/ops\/keys\.sock$/,
      remedy: /^chmod o= .*keys\.sock$/,
    },
    postgres: stopped('postgres'),
    cluster: {
      async plant() {
        const file = home.path('run/members.json')
        writeFileSync(file, JSON.stringify([{ host: '127.0.0.1', port: 1, ask: 1 }]))
        return async () => rmSync(file)
      },
      evidence: /No node answers for the cluster/,
      remedy: /failover\.md/,
    },
    'cluster.second-site': {
      async plant() {
        const file = home.path('run/sites.json')
        writeFileSync(file, JSON.stringify({ names: ['node-1'], own: [{ host: '127.0.0.1', port: 1, ask: 1 }] }))
        return async () => rmSync(file)
      },
      evidence: /No node answers for the cluster/,
      remedy: /second-site\.md/,
    },
    redis: stopped('redis'),
    keys: stopped('keys'),
    ready: stopped('core-2'),
    'postgres.durability': {
      async plant() {
        await statements('alter system set synchronous_commit = off', 'select pg_reload_conf()')
        return () => statements('alter system reset synchronous_commit', 'select pg_reload_conf()')
      },
      evidence: /synchronous_commit is off \(set by: configuration file\)/,
      remedy: /psql .*alter system reset synchronous_commit/,
    },
    'postgres.schema': {
      async plant() {
        await statements(
          `insert into base.migrations (room, number, name, sha256) values ('games', 9999, '9999_later.sql', '')`,
        )
        return () => statements('delete from base.migrations where number = 9999')
      },
      evidence: /newer than this code, which does not know games\/9999_later\.sql/,
      remedy: /newer version/,
    },
    'keys.extractable': {
      async plant() {
        const kept = mkdtempSync(join(tmpdir(), 'cr-token-'))
        copyAs(home.path('token/tokens'), kept)
        execFileSync(process.execPath, ['-e', weakKey], {
          ...ownerOf('token/tokens'),
          cwd: repository,
          env: {
            SOFTHSM2_CONF: home.path('token/softhsm2.conf'),
            PIN: readSecretFile(home, 'hsm-pin'),
            MODULES: join(repository, 'node_modules'),
          },
        })
        return async () => {
          rmSync(home.path('token/tokens'), { recursive: true })
          copyAs(kept, home.path('token/tokens'))
          rmSync(kept, { recursive: true })
          process.kill(pidOf('keys'), 'SIGTERM') // the supervisor brings it back on the old token
        }
      },
      evidence: /hk-pepper-1 must not be extractable.*hk-pepper-1 is another key/,
      remedy: /restore .*token from a backup/,
    },
    'edge.acme': {
      async plant() {
        const acme = { directory: 'https://acme.example/dir', names: ['casino.example'] }
        const restore = overwritten('countroom.json', JSON.stringify({ edgeWorkers: 1, edge: { acme } }))
        return async () => restore()
      },
      evidence: /there is nothing from the authority yet/,
      remedy: /countroom logs edge/,
    },
    backups: {
      async plant() {
        await noted('backup.failed', { type: 'incr', cause: 'the repository is gone' })
        const made = { repository: 1, label: 'l', type: 'incr', bytes: 1, storedBytes: 1, seconds: 1 }
        return async () => noted('backup.written', made)
      },
      evidence: /^the backup of \d.*Z failed$/,
      remedy: /countroom backup says why/,
    },
    program: {
      async plant() {
        await statements(`create function base.stranger() returns int language sql as 'select 1'`)
        await inspectProgram(home, readSettings(home), 'demand')
        return async () => {
          await statements('drop function base.stranger()')
          await inspectProgram(home, readSettings(home), 'demand')
        }
      },
      evidence: /not as approved, inspected at .*: database: function\/base\.stranger: nobody approved it/,
      remedy: /program-differs\.md; .*manifest make/,
    },
    'keys.rotation': {
      async plant() {
        await statements(
          `insert into keys.rotations (rotation, family, state, asked_by, asked_at) values ('rot_x', 'kek-backup', 'asked', 'x', now() - interval '2 hours')`,
        )
        return () => statements(`delete from keys.rotations where rotation = 'rot_x'`)
      },
      severity: 'warning',
      evidence: /^the rotation of kek-backup asked for at .*Z has not ended$/,
      remedy: /countroom keys rotate kek-backup/,
    },
    certificates: {
      async plant() {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
        const another = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
        const restore = overwritten('tls/work-1.key', another)
        return async () => restore()
      },
      evidence: /^work-1\.pem has another key's file beside it$/,
      remedy: /countroom pki renew/,
    },
    'pki.enrolled': {
      async plant() {
        await statements(`insert into pki.dismissals (component, at, reason) values ('core-2', now(), 'a fault')`)
        return () => statements(`delete from pki.dismissals where component = 'core-2'`)
      },
      evidence: /^taken back, and let in nowhere: core-2$/,
      remedy: /pki enrol core core-2/,
    },
    'keys.admission': {
      /** The certificate of the commands is another's; who would make it anew is kept waiting meanwhile. */
      async plant() {
        const admin = connect(home, 'admin')
        const held = await admin.reserve()
        await held`select pg_advisory_lock(hashtext('pki.place'))`
        const restore = ['pem', 'key'].map((kind) =>
          overwritten(`tls/ops.${kind}`, readFileSync(home.path(`tls/edge.${kind}`), 'utf8')),
        )
        return async () => {
          for (const undo of restore) undo()
          held.release()
          await admin.end()
        }
      },
      evidence: /^whoever connects anew is not let in: ops: .* edge\.countroom\.internal is of the role edge/,
      remedy: /countroom pki renew/,
    },
    secrets: {
      async plant() {
        chmodSync(home.path('secrets/gateway-sandbox'), 0o644)
        return async () => chmodSync(home.path('secrets/gateway-sandbox'), 0o600)
      },
      evidence: /open to others: .*\/secrets\/gateway-sandbox$/,
      remedy: /chmod 600 .*gateway-sandbox/,
    },
    disk: {
      async plant() {
        writeFileSync(home.path('countroom.json'), '{"diskMebibytesMin": 1000000000}')
        return async () => rmSync(home.path('countroom.json'))
      },
      evidence: /only \d+ MiB free under .*, fewer than 1000000000/,
      remedy: /df -h/,
    },
    'clock.source': {
      async plant() {
        const path = process.env.PATH
        const dir = mkdtempSync(join(tmpdir(), 'cr-chrony-'))
        const tracking = 'C0000201,192.0.2.1,3,1795000000.1,-0.750000000,0,0,0,0,0,0,0,64,Normal'
        writeFileSync(join(dir, 'chronyc'), `#!/bin/sh\necho '${tracking}'\n`, { mode: 0o755 })
        process.env.PATH = `${dir}:${path}`
        return async () => {
          process.env.PATH = path
          rmSync(dir, { recursive: true })
        }
      },
      evidence: /750 ms before its time source/,
      remedy: /chronyc sources/,
    },
    lanes: {
      /** Cores notice within ten seconds and lease others; so theirs are taken as long as the fault lasts. */
      async plant() {
        const admin = connect(home, 'admin')
        const take = () => admin`update ledger.lanes set holder = '', leased_until = '-infinity' where lane > 0`
        await take()
        const again = setInterval(() => void take(), 20)
        return async () => {
          clearInterval(again)
          await admin.end()
        }
      },
      evidence: /[01] of 2 lanes are leased/,
      remedy: /countroom logs core-1/,
    },
    jobs: {
      async plant() {
        await statements(`insert into pgboss.job (name, state, data) values ('payouts', 'failed', '{}')`)
        return () => statements(`delete from pgboss.job where state = 'failed'`)
      },
      evidence: /payouts: 1 failed for good/,
      remedy: /countroom logs work-1/,
    },
    ledger: {
      async plant() {
        await statements('update ledger.wallets set cash = cash + 1 where wallet = 1')
        return () => statements('update ledger.wallets set cash = cash - 1 where wallet = 1')
      },
      evidence: /EUR is off by 1\b.*wallet 1\b/,
      remedy: /countroom verify ledger/,
    },
    audit: {
      async plant() {
        await statements(
          `update audit.events set actor = actor || 'x' where id = (select min(id::text)::uuid from audit.events)`,
        )
        return () =>
          statements(
            `update audit.events set actor = left(actor, -1) where id = (select min(id::text)::uuid from audit.events)`,
          )
      },
      evidence: /^event [0-9a-f-]{36} was changed$/,
      remedy: /changed the log/,
    },
  }

  function stopped(name: string): Fault {
    return {
      async plant() {
        const pid = pidOf(name)
        process.kill(pid, 'SIGSTOP')
        return async () => {
          process.kill(pid, 'SIGCONT')
        }
      },
      evidence: new RegExp(`^${name} \\(process \\d+\\) is stopped by a signal$`),
      remedy: /^kill -CONT \d+$/,
    }
  }

  function pidOf(name: string): number {
    return appliance.processes().find((unit) => unit.name === name)!.pid!
  }

  async function noted(action: audit.Code, detail: Record<string, unknown>): Promise<void> {
    const sql = connect(home, 'app')
    await sql.begin((tx) => audit.record(tx, systemCommand('test'), { action, subject: 'data', detail }))
    await sql.end()
  }

  async function statements(...texts: string[]): Promise<void> {
    const admin = connect(home, 'admin')
    for (const text of texts) await admin.unsafe(text)
    await admin.end()
  }

  function moved(path: string): () => Promise<void> {
    renameSync(home.path(path), home.path(`${path}.away`))
    return async () => renameSync(home.path(`${path}.away`), home.path(path))
  }

  function overwritten(path: string, content: string): () => void {
    const before = readFileSync(home.path(path))
    writeFileSync(home.path(path), content)
    return () => writeFileSync(home.path(path), before)
  }

  function ownerOf(path: string) {
    const { uid, gid } = statSync(home.path(path))
    return process.getuid?.() === 0 ? { uid, gid } : {}
  }
}

/** With owners and modes, which a copy by Node loses. */
function copyAs(from: string, to: string): void {
  execFileSync('cp', ['--archive', '--no-target-directory', from, to])
}

/** Puts a key that can be taken out in the place of one that cannot, as somebody with the PIN could. */
const weakKey = `
  const pkcs11js = require(process.env.MODULES + '/pkcs11js')
  const module_ = new pkcs11js.PKCS11()
  module_.load('/usr/lib/softhsm/libsofthsm2.so')
  module_.C_Initialize()
  const slot = module_.C_GetSlotList(true).find((each) => module_.C_GetTokenInfo(each).label.trim() === 'countroom')
  const session = module_.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
  module_.C_Login(session, pkcs11js.CKU_USER, process.env.PIN)
  const label = { type: pkcs11js.CKA_LABEL, value: 'hk-pepper-1' }
  module_.C_FindObjectsInit(session, [label])
  const [old] = module_.C_FindObjects(session, 1)
  module_.C_FindObjectsFinal(session)
  module_.C_DestroyObject(session, old)
  module_.C_GenerateKey(session, { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN }, [
    label,
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SIGN, value: true },
    { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    { type: pkcs11js.CKA_SENSITIVE, value: false },
    { type: pkcs11js.CKA_EXTRACTABLE, value: true },
  ])
  module_.C_Finalize()
`
