import { existsSync, readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import * as audit from '#audit'
import { serveWitness } from '../witness/serve.ts'
import { openWitness } from '../witness/witness.ts'
import { stopAsked } from './asked.ts'

type Options = { dir: string; name: string; log: audit.NoteKey[]; listen: { host: string; port: number } }

/**
 * `countroom witness`: remembers the checkpoints of audit logs on a machine that is not theirs, and signs those that only grew.
 * Needs no appliance beside it: a folder of its own, an address, and the keys of the logs.
 */
export function witnessCommand(): Command {
  return new Command('witness')
    .description("remember and cosign the checkpoints of somebody else's audit log")
    .requiredOption('--dir <folder>', 'where its key and its memory are')
    .requiredOption('--name <name>', 'what it signs as, such as witness.example/one')
    .requiredOption('--log <key>', 'the verifier key of a log, or a file of them (may be given again)', logsIn, [])
    .option('--listen <address>', 'where it answers', addressIn, { host: '127.0.0.1', port: 8470 })
    .action(async ({ dir, name, log, listen }: Options) => {
      const witness = openWitness({ dir, name, logs: log })
      const server = await serveWitness(witness, listen)
      process.stdout.write(`witness ${name} at http://${listen.host}:${listen.port}\n${witness.vkey}\n`)
      stopAsked().addEventListener('abort', () => server.close())
    })
}

function logsIn(given: string, before: audit.NoteKey[]): audit.NoteKey[] {
  const text = existsSync(given) ? readFileSync(given, 'utf8') : given
  try {
    return [
      ...before,
      ...text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(audit.readVkey),
    ]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

function addressIn(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(\S+):(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535) throw new InvalidArgumentError('It is host:port.')
  return { host, port: Number(port) }
}
