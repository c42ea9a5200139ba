import { resolve } from 'node:path'
import { Command } from 'commander'
import { homeDirectory, viewHome } from '../appliance/home.ts'
import { readSettings } from '../appliance/settings.ts'
import {
  backupSettingsOf,
  type Plan,
  parseTarget,
  planRestore,
  type Restored,
  repositoriesOf,
  restore,
} from '../backup/index.ts'
import { interruptibly } from './asked.ts'
import { clearing, progressHere } from './progress.ts'

type Options = {
  home: string
  from?: string
  to: string
  set?: string
  repository?: string
  keysOf?: string
  dryRun?: boolean
  json?: boolean
}

/** `countroom restore`: a home from a backup, on a folder that is bare, proven before anything starts on it. Exit code 130 when it was broken off. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('make a home of a bare folder from a backup, and prove it')
    .requiredOption(
      '--home <folder>',
      'the folder, which is empty, or has a token that custodians brought the keys into',
    )
    .option(
      '--from <folder>',
      'a repository, or the folder of a recovery set; without it the first one of COUNTROOM_HOME',
    )
    .option('--to <moment>', 'now, an instant such as 2026-11-25T03:00:00Z, or the number of a transaction', 'now')
    .option('--set <label>', 'begin with this backup')
    .option('--repository <number>', 'of those that the recovery set names')
    .option('--keys-of <home>', 'take the token of this stopped home of the same node')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'for machines')
    .action(run)
}

async function run({ home, from, to, set, repository, keysOf, dryRun, json }: Options): Promise<void> {
  const tell = progressHere(json)
  const options = {
    home: resolve(home),
    from: from === undefined ? ownRepository() : resolve(from),
    target: parseTarget(to),
    set,
    repository: repository === undefined ? undefined : Number(repository),
    keysOf: keysOf === undefined ? undefined : resolve(keysOf),
    say: (line: string) => (json ? undefined : process.stdout.write(`${line}\n`)),
    tell,
  }
  const words = dryRun
    ? 'Broken off. Nothing was made.'
    : `Broken off. Nothing starts in ${options.home} before the same command has gone through.`
  const done = await interruptibly(words, (signal) =>
    clearing(tell, (dryRun ? planRestore : restore)({ ...options, signal })),
  )
  if (json) process.stdout.write(`${JSON.stringify(done)}\n`)
  else process.stdout.write(isDone(done) ? toldOf(done) : planned(done))
}

function ownRepository(): string {
  const home = viewHome(homeDirectory())
  const local = repositoriesOf(home, backupSettingsOf(readSettings(home))).find((each) => 'directory' in each)
  return local && 'directory' in local ? local.directory : home.path('backup')
}

function isDone(done: Plan | Restored): done is Restored {
  return 'checks' in done
}

function planned({ home, repository, label, takenAt, bytes, freeBytes, target }: Plan): string {
  return `Would restore ${label} of ${takenAt.toISOString()} from ${repository}
  into ${home}: ${mebibytes(bytes)}, ${mebibytes(freeBytes)} are free there,
  and replay the log to ${target}. Nothing was done.
`
}

function toldOf({ home, label, target, reached, checks, loss }: Restored): string {
  const until = reached.commit
    ? `the last transaction is of ${reached.commit.toISOString()}`
    : 'there was nothing to replay'
  const money = loss.frozen
    ? `Money is frozen: ${loss.known === 0 ? 'nobody knows whether what was answered is in it' : `${loss.missing} of what cores had seen is missing, or was taken back on purpose`}. ops/runbooks/restore.md, then npx countroom ledger lift.`
    : 'All that cores had seen in the books is there; money moves.'
  return `Restored ${label}, to ${target}; ${until}.
${checks.map(({ name }) => `ok  ${name}`).join('\n')}
${money}
Start it: COUNTROOM_HOME=${home} npx countroom up --approve-program
`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
