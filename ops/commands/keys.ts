import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { Home } from '../appliance/home.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'

const approval = ['--approval <proposal>', 'what two approved at the desk, instead of their passwords here'] as const

/**
 * `countroom keys`: the keys of the appliance and their life. What changes something needs two members of staff with the
 * permission `keys.manage`, here or at the desk, or the custodians' shares; it can be interrupted anywhere, and the same command goes on.
 */
export function keysCommand(): Command {
  const command = new Command('keys').description('list, rotate, back up and restore the keys of the token')
  for (const part of [list(), rotate(), destroy(), ceremony(), backup(), restore(), join()]) command.addCommand(part)
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
    .option(...approval)
    .option('--no-wait', 'do not wait until it has ended; the worker goes on either way')
    .option('--json', 'for machines')
    .action(async (family: string, options: { wait: boolean; approval?: string; json?: boolean }) =>
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
    .option(...approval)
    .option('--dry-run', 'say what would be destroyed, and whether it may be')
    .option('--json', 'for machines')
    .action(async (key: string, options: Destroying) =>
      (await import('../keys/destroy.ts')).destroyKey(home(), key, options),
    )
}

function ceremony(): Command {
  return new Command('ceremony')
    .description('make a recovery key in shares, one for each custodian, and new keys of every family under it')
    .addOption(new Option('--custodians <names>', 'who gets a share, by commas').argParser(names))
    .addOption(new Option('--threshold <count>', 'how many shares together restore').argParser(count))
    .option('--out <folder>', 'one file for each custodian, mode 0400, instead of the screen')
    .addOption(
      new Option('--shares <files>', 'where there was a ceremony before: a quorum of its shares, by commas').argParser(
        names,
      ),
    )
    .addOption(new Option(...approval).conflicts('rotateOnly'))
    .option('--rotate-only', 'the shares are handed out: only go on with the new keys')
    .option('--json', 'for machines; with --out')
    .action(async (options: Ceremony) => {
      const { custodians = [], threshold = 0, ...rest } = options
      if (!rest.rotateOnly && (custodians.length === 0 || threshold === 0))
        throw new Trouble('A ceremony has custodians and a threshold.', {
          setting: '--custodians, --threshold',
          remedy: 'npx countroom keys ceremony --custodians ada,grace,edsger --threshold 2',
        })
      await (await import('../keys/ceremony.ts')).holdCeremony(home(), { ...rest, custodians, threshold })
    })
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
  return restoring('restore')
    .description('after a loss: bring the keys into an empty token, and join restored data with the newest data keys')
    .argument('<file>', 'the newest backup of keys')
    .action(async (file: string, options: Restoring) =>
      (await import('../keys/restore.ts')).restoreKeys(knownHome(), file, options),
    )
}

function join(): Command {
  return restoring('join')
    .description('bring the keys of another node into the token of this one, or its newer keys')
    .argument('<file>', 'a backup of keys of the other node')
    .action(async (file: string, options: Restoring) =>
      (await import('../keys/restore.ts')).joinToken(knownHome(), file, options),
    )
}

function restoring(name: string): Command {
  return new Command(name)
    .addOption(
      new Option('--shares <files>', 'files with one share each, by commas, instead of being asked').argParser(names),
    )
    .addOption(new Option('--without <keys>', 'keys that have no copy and are given up, by commas').argParser(names))
    .option('--json', 'for machines')
}

type Ceremony = {
  shares?: string[]
  custodians?: string[]
  threshold?: number
  out?: string
  rotateOnly?: boolean
  approval?: string
  json?: boolean
}
type Destroying = { early?: boolean; confirm?: string; approval?: string; dryRun?: boolean; json?: boolean }
type Restoring = { shares?: string[]; without?: string[]; json?: boolean }

function home(): Home {
  const home = knownHome()
  runningCard(home)
  return home
}

function names(text: string): string[] {
  const found = text.split(',').map((name) => name.trim())
  if (found.some((name) => name === '')) throw new InvalidArgumentError('They are names with commas between.')
  return found
}

function count(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('It is a number.')
  return Number(text)
}
