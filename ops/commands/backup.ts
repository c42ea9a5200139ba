import { Command, Option } from 'commander'
import { findIdentities } from '../appliance/identity.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import {
  type Backed,
  type BackupType,
  backupSettingsOf,
  holdings,
  nameOf,
  repositoriesOf,
  takeBackup,
  verifyRepositories,
} from '../backup/index.ts'
import { interruptibly } from './asked.ts'
import { print } from './print.ts'
import { clearing, progressHere } from './progress.ts'

/** `countroom backup`: backs the data of the running appliance up now, lists what there is, and looks at all of it. */
export function backupCommand(): Command {
  const json = ['--json', 'for machines'] as const // the whole command's, wherever it stands
  return new Command('backup')
    .description('back up the data now, beside the schedule')
    .addOption(
      new Option('--type <type>', 'all, what changed since the full one, or since the last')
        .choices(['full', 'diff', 'incr'])
        .default('incr'),
    )
    .option(...json)
    .action(take)
    .addCommand(
      new Command('list')
        .description('what every repository holds')
        .option(...json)
        .action((_, command: Command) => list(command.optsWithGlobals())),
    )
    .addCommand(
      new Command('verify')
        .description('read every file of every repository')
        .option(...json)
        .action((_, command: Command) => verify(command.optsWithGlobals())),
    )
}

async function take({ type, json }: { type: BackupType; json?: boolean }): Promise<void> {
  const all = backed()
  const tell = progressHere(json)
  const { backups, keys } = await interruptibly(
    'Broken off, and nothing of it runs any more. The next backup takes over what is there already.',
    (signal) => clearing(tell, takeBackup(all, type, { signal, tell })),
  )
  if (json) return print(json, { backups, keys }, '')
  for (const { repository, label, bytes, storedBytes, startedAt, stoppedAt } of backups)
    process.stdout.write(
      `  repository ${repository}: ${label}, ${mebibytes(bytes)} of data, ${mebibytes(storedBytes)} written, ${(stoppedAt.getTime() - startedAt.getTime()) / 1000} s\n`,
    )
  process.stdout.write(keys.map((path) => `  keys, for the custodians: ${path}\n`).join(''))
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const all = backed()
  const repositories = repositoriesOf(all.home, backupSettingsOf(all.settings)).map(nameOf)
  const found = await holdings(all.home, all.users)
  if (json) return print(json, { repositories, ...found }, '')
  for (const [index, name] of repositories.entries()) {
    process.stdout.write(`${index + 1}  ${name}\n`)
    for (const each of found.backups.filter(({ repository }) => repository === index + 1))
      process.stdout.write(
        `   ${each.label.padEnd(34)} ${each.type}  ${each.stoppedAt.toISOString()}  ${mebibytes(each.bytes)} of data, ${mebibytes(each.storedBytes)} kept${each.failed ? '  DAMAGED as it was made' : ''}\n`,
      )
    for (const { why } of found.faults.filter(({ repository }) => repository === index + 1))
      process.stdout.write(`   ${why}\n`)
    const newest = found.archived.findLast(({ repository }) => repository === index + 1)?.newest
    process.stdout.write(`   the log is archived up to ${newest ?? 'nothing yet'}\n`)
  }
  if (found.faults.length > 0) process.exitCode = 1
}

async function verify({ json }: { json?: boolean }): Promise<void> {
  const all = backed()
  const tell = progressHere(json)
  const sound = await interruptibly('Broken off. Nothing was changed.', (signal) =>
    clearing(tell, verifyRepositories(all, { signal, tell })),
  )
  print(json, { ok: true, sound }, sound.map((name) => `ok  ${name}\n`).join(''))
}

function backed(): Backed {
  const home = knownHome()
  runningCard(home)
  return { home, settings: readSettings(home), users: findIdentities().users }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
