import { spawnSync } from 'node:child_process'
import * as games from '#games'
import type { Scope } from './rng.ts'

const programs = ['ent', 'rng-tools5', 'rng-tools-debian', 'dieharder']

/** Whose report it is: when, of which program and games, with which parameters, by which tools. Nothing of the machine it ran on. */
export function headOf({ outcomes, megabytes, dieharder }: Scope, at = new Date()): string {
  const facts = [
    ['begun', at.toISOString().replace(/\.\d+Z$/, 'Z')],
    ['program', commit()],
    ['parameters', `--outcomes ${outcomes} --megabytes ${megabytes} --dieharder ${dieharder}`],
    ['tools', [`Node ${process.versions.node}`, `OpenSSL ${process.versions.openssl}`, ...packages()].join(', ')],
    ['seed', 'fresh, from the kernel; it is kept nowhere'],
  ]
  const table = (head: [string, string], rows: readonly (readonly string[])[]) =>
    [head, ['---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return [
    '# The generator of outcomes, by the tests of laboratories',
    'CTR_DRBG with AES-256 as it plays, without the bytes of the kernel that are joined to it in play.',
    table(['', ''], facts),
    table(
      ['game', 'version'],
      games.catalogue().map(({ id, version }) => [id, version]),
    ),
    '',
  ].join('\n\n')
}

/** The commit, and whether what ran is just that. */
function commit(): string {
  const git = (...args: string[]) => spawnSync('git', ['-C', import.meta.dirname, ...args], { encoding: 'utf8' })
  const { status, stdout } = git('rev-parse', 'HEAD')
  if (status !== 0) return 'not from a clone'
  return `commit ${stdout.trim()}${git('status', '--porcelain').stdout.trim() ? ', with changes that are in no commit' : ''}`
}

function packages(): string[] {
  const { stdout } = spawnSync('dpkg-query', ['-W', ...programs], { encoding: 'utf8' })
  return (stdout ?? '')
    .split('\n')
    .filter((line) => /\t\S/.test(line))
    .map((line) => line.replace('\t', ' '))
}
