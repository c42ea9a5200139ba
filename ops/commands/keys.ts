import { Argument, Command, Option } from 'commander'
import { knownHome, runningCard } from '../appliance/running.ts'

/**
 * `countroom keys`: the keys of the appliance and their life. What changes something needs two members of staff with the
 * permission `keys.manage`, or the custodians' shares; it can be interrupted anywhere, and the same command goes on.
 */
export function keysCommand(): Command {
  const command = new Command('keys').description('list, rotate, back up and restore the keys of the token')
  for (const part of [list(), rotate(), destroy(), backup(), restore()]) command.addCommand(part)
  return command
}

function list(): Command {
  return new Command('list')
    .description('every key with its state, what names it, and when it is due')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => (await import('../keys/list.ts')).showKeys(home(), options))
}

function rotate(): Command {
  return new Command('rotate')
    .description('make a new key of a family, and move what names older ones to it while everybody works')
    .addArgument(new Argument('<family>', 'such as kek-pii; countroom keys list names them'))
    .option('--no-wait', 'do not wait until it has ended; the worker goes on either way')
    .option('--json', 'for machines')
    .action(async (family: string, options: { wait: boolean; json?: boolean }) =>
      (await import('../keys/rotate.ts')).rotateKey(home(), family, options),
    )
}

function destroy(): Command {
  return new Command('destroy')
    .description('destroy a retired key for good, once no backup needs it any more')
    .addArgument(new Argument('<key>', 'such as kek-pii-1'))
    .option(
      '--early',
      'before the backup horizon: data backups taken until then need the newest backup of keys to be read',
    )
    .addOption(new Option('--confirm <key>', 'the key once more, instead of being asked'))
    .option('--json', 'for machines')
    .action(async (key: string, options: { early?: boolean; confirm?: string; json?: boolean }) =>
      (await import('../keys/destroy.ts')).destroyKey(home(), key, options),
    )
}

function backup(): Command {
  return new Command('backup')
    .description('write the keys, sealed to the recovery key, and the wrapped data keys')
    .option('--out <folder>', 'where to; backup/keys in the home without it')
    .option('--json', 'for machines')
    .action(async (options: { out?: string; json?: boolean }) =>
      (await import('../keys/backup.ts')).backUpKeys(home(), options),
    )
}

function restore(): Command {
  return new Command('restore')
    .description(
      'after data were restored from a backup: join them with the newest data keys, so that the erased stay erased',
    )
    .argument('<file>', 'the newest backup of keys')
    .option('--json', 'for machines')
    .action(async (file: string, options: { json?: boolean }) =>
      (await import('../keys/restore.ts')).restoreKeys(knownHome(), file, options),
    )
}

function home() {
  const home = knownHome()
  runningCard(home)
  return home
}
