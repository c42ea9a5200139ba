import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { connectKeys, type Keys } from '#keys'
import { furnish } from '../appliance/furniture.ts'
import { type Home, openHome, readSecretFile, viewHome } from '../appliance/home.ts'
import { findIdentities, type Identities } from '../appliance/identity.ts'
import { holderOf } from '../appliance/lock.ts'
import { operatorName } from '../appliance/operator.ts'
import { configurationMode, configurationOwner, makeFolder } from '../appliance/ownership.ts'
import { pendingRejoin } from '../appliance/rejoin.ts'
import { bringUpSchema } from '../appliance/schema.ts'
import { readSettings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { hasToken, withAgentAlone } from '../appliance/token.ts'
import { Trouble } from '../appliance/trouble.ts'
import { forgetRecovery, type Reached, withEngine } from './engine.ts'
import { chooseBackup, fetchData, openRepository, percentOf, type Reading, refuseSmallDisk } from './fetch.ts'
import { answerFor, type Loss } from './loss.ts'
import { markRestore, refuseOtherGoal, restoreMark, unmarkRestore } from './mark.ts'
import type { Held } from './pgbackrest.ts'
import { forget, nameOf, parts } from './place.ts'
import { type Check, firstFault, proveData } from './proof.ts'
import { type Contents, keysBeside, openRecoverySet, type RecoverySet, readRecoverySet } from './recovery-set.ts'
import { chooseRepository } from './source.ts'
import { type Steps, stopwatch, type Telling } from './steps.ts'
import { type Target, tellTarget, toWord } from './target.ts'

export type RestoreOptions = {
  /** The bare folder that becomes a home. */
  home: string
  /** The folder of a repository, or of a recovery set. */
  from: string
  target: Target
  /** Another backup than the newest that reaches the target, by its label. */
  set?: string | undefined
  /** Which of the repositories that the set names, where `from` is none itself. */
  repository?: number | undefined
  /** A home of this machine, in which nothing runs, whose token and cores' memories are taken along. */
  keysOf?: string | undefined
  signal?: AbortSignal | undefined
} & Telling

export type Plan = {
  home: string
  repository: string
  label: string
  type: Held['type']
  takenAt: Date
  bytes: number
  freeBytes: number
  target: string
}
export type Restored = Plan & { reached: Reached; checks: Check[]; loss: Loss; steps: Steps }

const report = 'restored.json'

/** What `restore` would do. Makes nothing in the folder. @throws Trouble, as `restore` would before it begins */
export async function planRestore(options: RestoreOptions): Promise<Plan> {
  const target = viewHome(options.home)
  const set = readRecoverySet(options.from)
  refuseUsed(target)
  refuseOtherGoal(target, goalOf(options))
  const scratch = viewHome(mkdtempSync(join(tmpdir(), 'countroom-plan-')))
  chmodSync(scratch.dir, 0o755)
  try {
    return await withKeysOf(tokenHome(target, options), async (keys) => {
      makeFolder(scratch.path('secrets'), 0o700)
      scratch.write('secrets/postgres-admin', 'none\n')
      const { reading, chosen } = await open(scratch, set, options, keys)
      return planOf(target, reading, chosen, options, refuseSmallDisk(nearest(options.home), chosen))
    })
  } finally {
    rmSync(scratch.dir, { recursive: true, force: true })
  }
}

/**
 * Makes a home of a bare folder: token, settings, data; replays the log up to the target, and proves ledger, audit log and keys. Until all
 * of that holds the folder bears a mark that no start passes. When it was cut short, the same again goes on. What is there and does not come from
 * a restore is not touched, and nothing of the repository is changed.
 *
 * @throws Trouble that says what is missing, or what does not hold
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const identities = findIdentities()
  const set = readRecoverySet(options.from)
  refuseUsed(viewHome(options.home))
  refuseOtherGoal(viewHome(options.home), goalOf(options))
  const from = tokenHome(viewHome(options.home), options)
  const home = openHome(options.home, identities)
  if (from.dir !== home.dir) bringToken(from, home)
  const watch = stopwatch(options)
  return withAgentAlone(home, async (keys) => {
    const { contents, reading, chosen } = await open(home, set, options, keys, identities)
    const plan = planOf(home, reading, chosen, options, refuseSmallDisk(home.dir, chosen))
    const mark = { beganAt: new Date().toISOString(), goal: goalOf(options), command: commandOf(options) }
    markRestore(home, mark)
    settle(home, contents, set, identities)
    openRepository(reading) // the passwords are those of the data now
    await watch.step(
      'files',
      () => fetchData(reading, chosen, options.target, options.signal),
      percentOf(reading, chosen),
    )
    const { users } = identities
    const began = performance.now()
    const found = await withEngine(
      home,
      readSettings(home),
      users,
      async (reached) => {
        watch.steps.push({ name: 'replay', seconds: Math.round(performance.now() - began) / 1000 })
        await bringUpSchema(home)
        const checks = await watch.step('proof', () => proveData(home, keys))
        const fault = firstFault(checks)
        if (fault) throw refused(home, mark, fault)
        const onPurpose = options.target.kind !== 'now'
        const by = operatorName()
        const memories = options.keysOf && join(options.keysOf, 'continuity')
        const said = { label: chosen.label, target: tellTarget(options.target), onPurpose, by, reached }
        return { reached, checks, loss: await answerFor(home, memories, said) }
      },
      options.signal,
    )
    const owner = configurationOwner(users, 'postgres')
    home.write('pg/postgresql.auto.conf', forgetRecovery(home), configurationMode, owner)
    forget(home)
    const newest = keysBeside(set)
    if (newest && !home.has(pendingRejoin)) home.write(pendingRejoin, readFileSync(newest, 'utf8'), 0o600)
    home.write('installed', contents.installed, 0o644)
    const done = { ...plan, ...found, steps: watch.steps }
    home.write(report, `${JSON.stringify(done, null, 2)}\n`, 0o644)
    unmarkRestore(home)
    return done
  })
}

/** The set opened with the token's keys, and the backup that it would begin with. */
async function open(
  home: Home,
  set: RecoverySet,
  options: RestoreOptions,
  keys: Keys,
  { users }: Identities = findIdentities(),
): Promise<{ contents: Contents; reading: Reading; chosen: Held }> {
  const { contents, key } = await openRecoverySet(keys, set)
  if (!home.has('secrets/postgres-admin'))
    home.write('secrets/postgres-admin', contents.secrets['postgres-admin'] ?? '')
  const repository = chooseRepository(contents, set, options.from, options.repository)
  const reading = { home, users, repository, passphrase: key.passphrase, processes: 2 }
  openRepository(reading)
  return { contents, reading, chosen: await chooseBackup(reading, options.target, options.set) }
}

/** What the set holds, at its place; the settings stay those of whoever wrote some into the folder before. */
function settle(home: Home, { settings, secrets }: Contents, set: RecoverySet, identities: Identities): void {
  if (settings !== null && !home.has('countroom.json')) home.write('countroom.json', settings, 0o644)
  makeFolder(home.path('secrets'), 0o700)
  for (const [name, secret] of Object.entries(secrets)) home.write(`secrets/${name}`, `${secret.trim()}\n`, 0o600)
  makeFolder(home.path('backup'), 0o700)
  home.write(parts.key, `${JSON.stringify(set.key)}\n`, 0o600)
  furnish(home, identities)
}

/** Where the keys are: in the folder already, brought by custodians; or in another home of this machine. @throws Trouble when nowhere */
function tokenHome(target: Home, { keysOf, from }: RestoreOptions): Home {
  if (target.has() && hasToken(target)) return target
  const other = keysOf === undefined ? undefined : viewHome(keysOf)
  if (other && hasToken(other)) return other
  throw new Trouble(
    other
      ? `There is no token in ${other.dir}.`
      : `There are no keys in ${target.dir}, and without them no backup opens.`,
    {
      setting: '--keys-of, or the token in the folder',
      remedy: `bring them with the custodians: COUNTROOM_HOME=${target.dir} npx countroom keys restore <backup of keys, in ${from}/recovery>; or take those of a stopped home of this node: --keys-of <home>`,
    },
  )
}

/** Token and PIN of another home; whole, or not there. @throws Trouble when its agent is at work: two would sign as one */
function bringToken(from: Home, to: Home): void {
  if (holderOf(from))
    throw new Trouble(`The appliance in ${from.dir} runs with this token; two may not.`, {
      setting: '--keys-of',
      remedy: `stop it first: kill ${holderOf(from)?.pid}; countroom drill proves a backup beside it`,
    })
  const fresh = to.path('token.new')
  rmSync(fresh, { recursive: true, force: true })
  cpSync(from.path('token'), fresh, { recursive: true, preserveTimestamps: true })
  makeFolder(to.path('secrets'), 0o700)
  for (const name of ['hsm-pin', 'hsm-so-pin'] as const)
    to.write(`secrets/${name}`, `${readSecretFile(from, name)}\n`, 0o400)
  if (from.has('countroom.json') && !to.has('countroom.json'))
    to.write('countroom.json', readFileSync(from.path('countroom.json'), 'utf8'), 0o644)
  rmSync(to.path('token'), { recursive: true, force: true })
  renameSync(fresh, to.path('token'))
}

async function withKeysOf<T>(home: Home, work: (keys: Keys) => Promise<T>): Promise<T> {
  if (!holderOf(home)) return withAgentAlone(home, work)
  const keys = connectKeys({ socket: agentSocket(home, 'ops'), deadlineMs: 60_000 })
  return await work(keys).finally(() => keys.close())
}

/** Data that did not come from a restore are somebody's. @throws Trouble */
function refuseUsed(home: Home): void {
  if (restoreMark(home)) return
  const there = ['installed', 'pg/PG_VERSION', 'pg'].find((name) => home.has(name))
  if (!there) return
  throw new Trouble(`${home.dir} is in use: it has ${there}. A restore never overwrites data.`, {
    setting: '--home',
    remedy: `name a folder that is empty, or that only has the token; or move the data away: mv ${home.path('pg')} …`,
  })
}

/** What comes back, whichever repository it is read from. */
function goalOf({ target, set }: RestoreOptions): string {
  return `${tellTarget(target)}${set === undefined ? '' : `, beginning with ${set}`}`
}

function commandOf({ home, from, target, set, repository, keysOf }: RestoreOptions): string {
  const words = {
    home,
    from,
    to: target.kind === 'now' ? undefined : toWord(target),
    set,
    repository,
    'keys-of': keysOf,
  }
  const given = Object.entries(words).filter(([, value]) => value !== undefined)
  return ['npx countroom restore', ...given.map(([name, value]) => `--${name} ${value}`)].join(' ')
}

function refused(home: Home, mark: Parameters<typeof markRestore>[1], fault: string): Trouble {
  markRestore(home, { ...mark, failed: fault })
  return new Trouble(`The restored data contradict themselves, and nothing starts on them: ${fault}`, {
    setting: home.path('pg'),
    remedy:
      'restore to an earlier moment (--to), from another backup (--set), or from the other repository; ops/runbooks/restore.md',
  })
}

function planOf(
  home: Home,
  { repository }: Reading,
  chosen: Held,
  { target }: RestoreOptions,
  freeBytes: number,
): Plan {
  const { label, type, stoppedAt, bytes } = chosen
  return {
    home: home.dir,
    repository: nameOf(repository),
    label,
    type,
    takenAt: stoppedAt,
    bytes,
    freeBytes,
    target: tellTarget(target),
  }
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder))
}
