import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { connectKeys } from '#keys'
import { findIdentities } from '../appliance/identity.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'
import {
  type ChaosRecord,
  type DrillRecord,
  drill,
  type Evidence,
  isEvidenceOf,
  readEvidence,
  wordsOfChaos,
} from '../backup/index.ts'
import { interruptibly } from './asked.ts'
import { clearing, progressHere } from './progress.ts'

/** `countroom drill`: proves that the newest backup comes back. Exit code 1 when it does not, 3 when nothing runs. */
export function drillCommand(): Command {
  return new Command('drill')
    .description('restore the newest backup beside production, prove it, and sign what was found')
    .option('--repository <number>', 'from this one', '1')
    .option('--json', 'for machines')
    .action(run)
    .addCommand(
      new Command('verify')
        .description('is a record of a drill signed by this casino?')
        .argument('<file>')
        .option('--key <pem>', 'the public key, got on another way; without it the one in the running token')
        .option('--json', 'for machines')
        .action((file: string, _, command: Command) => verify(file, command.optsWithGlobals())),
    )
}

async function run({ repository, json }: { repository: string; json?: boolean }): Promise<void> {
  const home = knownHome()
  runningCard(home)
  const backed = { home, settings: readSettings(home), users: findIdentities().users }
  const tell = progressHere(json)
  const say = (line: string) => void (json || process.stdout.write(`${line}\n`))
  const done = await interruptibly(
    'Broken off, and nothing of it is left. It says nothing about the backup.',
    (signal) => clearing(tell, drill(backed, { signal, repository: Number(repository), say, tell })),
  )
  process.stdout.write(json ? `${JSON.stringify(done)}\n` : `${told(done.record)}Evidence: ${done.file}\n`)
}

async function verify(file: string, { key, json }: { key?: string; json?: boolean }): Promise<void> {
  const evidence = read(file)
  const trusted = key === undefined ? await keyInToken(evidence.key) : createPublicKey(readFileSync(key))
  const ok = isEvidenceOf(evidence, trusted)
  if (json) process.stdout.write(`${JSON.stringify({ ok, key: evidence.key, record: JSON.parse(evidence.record) })}\n`)
  else if (ok)
    process.stdout.write(
      `Signed by ${evidence.key} of this casino.\n${wordsOf(JSON.parse(evidence.record) as DrillRecord | ChaosRecord)}`,
    )
  else process.stdout.write(`NOT signed by ${evidence.key}: it was changed, or is another casino’s.\n`)
  process.exitCode = ok ? 0 : 1
}

async function keyInToken(name: string): Promise<KeyObject> {
  const home = knownHome()
  runningCard(home)
  const keys = connectKeys({ socket: agentSocket(home, 'ops') })
  return await keys.publicKey(name).finally(() => keys.close())
}

function read(file: string): Evidence {
  try {
    return readEvidence(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new Trouble(`${file} is no record of a drill.`, {
      setting: '<file>',
      remedy: 'ls backup/drills in the home',
      cause,
    })
  }
}

function wordsOf(record: DrillRecord | ChaosRecord): string {
  return record.what === 'drill' ? told(record) : wordsOfChaos(record)
}

function told({ at, backup, reached, rtoSeconds, rpoSeconds, checks, steps }: DrillRecord): string {
  return `Drill of ${at}: ${backup.label} came back, ${(backup.bytes / 1024 ** 2).toFixed(1)} MiB, to ${reached.commit ?? reached.lsn}.
  RTO ${rtoSeconds} s (${steps.map(({ name, seconds }) => `${name} ${seconds}`).join(', ')}) · RPO ${rpoSeconds} s
${checks.map(({ name, ok, firstBad }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}${firstBad ? `: ${firstBad}` : ''}`).join('\n')}
`
}
