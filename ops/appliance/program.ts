import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { systemCommand } from '#base'
import { connectKeys } from '#keys'
import * as program from '#program'
import { coreNames, hasEdge, workName } from './components.ts'
import type { Home } from './home.ts'
import { repository } from './identity.ts'
import { operatorName } from './operator.ts'
import { openToReaders } from './ownership.ts'
import { connect, postgresBinaries } from './postgres.ts'
import { readSettings, type Settings } from './settings.ts'
import { agentSocket } from './sockets.ts'
import { Trouble } from './trouble.ts'

export const runbook = 'ops/runbooks/program-differs.md'

function placeOf(home: Home, { nodeName: node }: Settings): program.Place {
  return { node, repository, manifest: home.path('manifest') }
}

/**
 * At a start, before anything serves: the program must be what was approved. The first start approves what was installed;
 * `approve` is the operator's word that what is there now, after an upgrade, is what they want. Answers a word to tell.
 *
 * @throws Trouble when it differs and this node refuses to serve then
 */
export async function checkProgram(
  home: Home,
  settings: Settings,
  options: { surveyed: Promise<program.Survey>; approve: boolean; fixedPorts: boolean },
): Promise<string> {
  const sql = connect(home, 'app')
  try {
    await program.settle(sql, placeOf(home, settings))
    if (options.approve || !(await program.wasApproved(sql, placeOf(home, settings), settings.cluster !== undefined))) {
      const { files, keyFingerprint } = await approveProgram(home, settings, {
        surveyed: await options.surveyed,
        fixedPorts: options.fixedPorts,
        command: options.approve ? 'countroom up --approve-program' : 'countroom up, the first start',
      })
      return `approved ${files} files, signed by ${keyFingerprint.slice(0, 16)}…`
    }
    const inspection = await inspectProgram(home, settings, 'start', await options.surveyed)
    if (inspection.ok) return `${inspection.files} files as approved`
    // Where the signed word is lost, nobody can say that this node may go on.
    if (onMismatchOf(settings, inspection.statement?.onMismatch ?? 'refuse') === 'refuse')
      throw refusal(home, inspection)
    return `NOT AS APPROVED: ${wordsOf(inspection)}; ${runbook}`
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Compares, keeps the verdict and tells the audit log. */
export async function inspectProgram(
  home: Home,
  settings: Settings,
  occasion: program.Occasion,
  surveyed?: program.Survey,
): Promise<program.Inspection> {
  const sql = connect(home, 'app')
  const keys = connectKeys({ socket: agentSocket(home, 'ops') })
  try {
    const inspection = await program.inspect(sql, keys, placeOf(home, settings), surveyed)
    await sql.begin((tx) =>
      program.keep(tx, systemCommand('countroom verify program'), settings.nodeName, occasion, inspection),
    )
    return inspection
  } finally {
    await sql.end({ timeout: 5 })
    await keys.close()
  }
}

/** Approves what is there, in the name of whoever runs this. */
export async function approveProgram(
  home: Home,
  settings: Settings,
  options: { surveyed?: program.Survey; fixedPorts: boolean; command: string; onMismatch?: program.OnMismatch },
): Promise<program.Approval> {
  const sql = connect(home, 'app')
  const keys = connectKeys({ socket: agentSocket(home, 'ops') })
  try {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
    const command = { ...systemCommand(options.command), keys }
    const approval = await sql.begin((tx) =>
      program.approve(tx, command, placeOf(home, settings), {
        version,
        onMismatch: options.onMismatch ?? onMismatchOf(settings),
        by: operatorName(),
        also: othersOf(home, options.fixedPorts),
        ...(options.surveyed ? { surveyed: options.surveyed } : {}),
      }),
    )
    await program.settle(sql, placeOf(home, settings))
    openToReaders(home.path('manifest'))
    spawnSync('sync', ['--file-system', home.path('manifest')]) // a list that a power cut tore would look like a crime
    return approval
  } finally {
    await sql.end({ timeout: 5 })
    await keys.close()
  }
}

/** The SHA-256 that a file of the home was approved with; undefined when it is none of those that are approved. */
export function approvedSum(home: Home, settings: Settings, file: string): string | undefined {
  return program.sumOf(placeOf(home, settings), home.path(file))
}

/** A clone that people work in serves with the alarm on; an installed node does not serve. The stricter word holds. */
export function onMismatchOf(settings: Settings, approved?: program.OnMismatch): program.OnMismatch {
  const wanted = settings.programMismatch ?? (existsSync(join(repository, '.git')) ? 'alarm' : 'refuse')
  return approved === 'refuse' ? 'refuse' : wanted
}

/** What runs beside the repository: Node, the engines, the token's module, and what is rendered for all of them. */
export function othersOf(home: Home, fixedPorts: boolean): string[] {
  const { module } = JSON.parse(readFileSync(home.path('run/keys.json'), 'utf8')) as { module: { path: string } }
  const settings = readSettings(home)
  // In a cluster Patroni writes the server's files out of its own, and anew whenever another standby is waited for.
  const server = settings.cluster
    ? ['run/patroni.yml']
    : ['pg/postgresql.conf', 'pg/pg_hba.conf', 'pg/pg_ident.conf', 'pg/postgresql.auto.conf']
  const rendered = [...server, 'run/redis.conf']
  // Ports that were drawn by lot are nobody's decision, and another start draws others.
  const processes = fixedPorts ? namesOf(settings) : []
  return [
    ...[process.execPath, join(postgresBinaries(), 'postgres'), '/usr/bin/redis-server', module.path].map((path) =>
      realpathSync(path),
    ),
    ...rendered.map((path) => home.path(path)),
    ...processes.map((name) => home.path(`run/${name}.json`)),
  ]
}

/** The processes that have a configuration of their own. */
function namesOf(settings: Settings): string[] {
  const served = [workName(settings), ...coreNames(settings)]
  return ['keys', 'sandbox', ...served, ...(hasEdge(settings) ? ['edge'] : [])]
}

/** The first difference, and how many there are. */
function wordsOf({ differences }: program.Inspection): string {
  const [first] = differences
  if (!first) return 'nothing differs'
  const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : ''
  return `${program.tellDifference(first)}${more}`
}

function refusal(home: Home, inspection: program.Inspection): Trouble {
  return new Trouble(
    `The program is not what was approved, and this node does not serve then. ${wordsOf(inspection)}.`,
    {
      setting: `"programMismatch" in ${home.path('countroom.json')} (refuse or alarm)`,
      remedy: `${runbook}; after an upgrade of yours: npx countroom up --approve-program`,
    },
  )
}
