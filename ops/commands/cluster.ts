import { text } from '@clack/prompts'
import { Command, InvalidArgumentError, Option } from 'commander'
import { homeDirectory, viewHome } from '../appliance/home.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'
import { answer } from '../keys/ask.ts'
import { print } from './print.ts'
import { promoteSiteCommand } from './promote-site.ts'
import { replaceCommand } from './replace.ts'

/** `countroom cluster`: several nodes that keep one casino, and each other's data. */
export function clusterCommand(): Command {
  const command = new Command('cluster').description(
    'several nodes that keep one casino: invite, join, and see who leads',
  )
  for (const part of [invite(), join(), status(), resume(), replaceCommand(), promoteSiteCommand()])
    command.addCommand(part)
  return command
}

function invite(): Command {
  return new Command('invite')
    .description('make this home the first node of a cluster, and a package for each of the others')
    .addOption(
      new Option('--addresses <list>', 'the addresses of all nodes by commas, this one first')
        .argParser(names)
        .makeOptionMandatory(),
    )
    .requiredOption('--keys <file>', 'the newest backup of keys, with copies that custodians can open')
    .requiredOption('--out <folder>', 'where the packages go')
    .addOption(
      new Option('--edges <list>', 'the addresses of machines that are edges alone, by commas').argParser(names),
    )
    .option('--virtual-address <address>', "an address that is whoever's of the edges lives")
    .addOption(
      new Option(
        '--second-site <list>',
        'the addresses of nodes elsewhere that follow this casino, by commas; one is enough',
      ).argParser(names),
    )
    .option('--json', 'for machines')
    .action(async (options: Inviting) => {
      const { invite } = await import('../failover/invite.ts')
      const home = knownHome()
      runningCard(home) // certificates are made by what runs
      const made = await invite(home, { ...options, keysBackup: options.keys })
      if (options.json) return void process.stdout.write(`${JSON.stringify(made)}\n`)
      for (const { node, file, code } of made) process.stdout.write(`${node}  ${file}\n        code ${code}\n`)
      process.stdout.write(
        'Carry each package to its machine, and its code another way. There: npx countroom cluster join <file>\n' +
          'Then stop this node and start all of them: npx countroom up, here once with --approve-program\n',
      )
    })
}

type Inviting = {
  addresses: string[]
  keys: string
  out: string
  edges?: string[]
  virtualAddress?: string
  secondSite?: string[]
  json?: boolean
}

function join(): Command {
  return new Command('join')
    .description(
      'make of an empty home a node of the cluster that invited it; or give new certificates to one that was off for long',
    )
    .argument('<file>', 'the package')
    .option('--code <code>', 'its code, instead of being asked')
    .addOption(
      new Option('--shares <files>', 'files with one share each, by commas, instead of being asked').argParser(names),
    )
    .addOption(
      new Option(
        '--without <keys>',
        'older keys that have no copy and that this node does without, by commas',
      ).argParser(names),
    )
    .option('--json', 'for machines')
    .action(async (file: string, options: { code?: string; shares?: string[]; without?: string[]; json?: boolean }) => {
      const { accept } = await import('../failover/accept.ts')
      const code = options.code ?? (await askCode())
      const done = await accept(viewHome(homeDirectory()), { ...options, file, code })
      print(
        options.json,
        { done },
        done === 'joined'
          ? 'It is a node now: npx countroom up starts it.\n'
          : 'It was this node already, and has new certificates: npx countroom up starts it.\n',
      )
    })
}

function status(): Command {
  return new Command('status')
    .description('every node, who leads, and how far the others are behind')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => {
      const { isFollower, isWhole, linesOf, observeCluster, pausedWords } = await import('../failover/observe.ts')
      const { observeOther, wordsOfOther } = await import('../failover/other-site.ts')
      const home = knownHome()
      const { members, paused } = await observeCluster(home)
      const other = await observeOther(home)
      const lines = [...linesOf(members), ...(other ? wordsOfOther(other) : []), ...(paused ? [pausedWords] : [])]
      if (options.json) process.stdout.write(`${JSON.stringify({ members, paused, ...(other ? { other } : {}) })}\n`)
      else process.stdout.write(`${lines.join('\n')}\n`)
      if (!isWhole(members) && !isFollower(members)) process.exitCode = 2
    })
}

function resume(): Command {
  return new Command('resume')
    .description('let the nodes look after themselves again, after somebody paused them')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => {
      const wasPaused = await (await import('../failover/resume.ts')).resume(knownHome())
      if (options.json) return void process.stdout.write(`${JSON.stringify({ wasPaused })}\n`)
      process.stdout.write(wasPaused ? 'The nodes look after themselves again.\n' : 'Nobody had paused it.\n')
    })
}

async function askCode(): Promise<string> {
  if (!process.stdin.isTTY)
    throw new Trouble('The package has a code, and nobody is there to type it.', {
      setting: '--code',
      remedy: 'npx countroom cluster join <file> --code <code>',
    })
  return answer(text({ message: 'The code of this package' }))
}

function names(list: string): string[] {
  const found = list.split(',').map((name) => name.trim())
  if (found.some((name) => name === '')) throw new InvalidArgumentError('They are names with commas between.')
  return found
}
