import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { postgresBinaries } from '../../ops/appliance/postgres.ts'

/** The conditions of what only computes. */
export function processor(): Record<string, string> {
  return { machine: `${cpus().length} cores, ${cpus()[0]?.model}`, node: process.version }
}

/** The conditions every figure must be read with. `dir` stands on the disk the database stands on. */
export function machine(dir: string): Record<string, string> {
  const binaries = postgresBinaries()
  return {
    ...processor(),
    postgresql: execFileSync(join(binaries, 'postgres'), ['--version'], { encoding: 'utf8' }).trim(),
    durability: 'fsync=on, synchronous_commit=on',
    'disk, fdatasync of 8 kB': flushTime(binaries, dir),
    client: 'in the same machine, on the same cores',
  }
}

function flushTime(binaries: string, dir: string): string {
  const output = execFileSync(join(binaries, 'pg_test_fsync'), ['-s', '1', '-f', join(dir, 'flush.test')], {
    encoding: 'utf8',
  })
  const line = /fdatasync\s+([\d.]+) ops\/sec\s+(\d+) usecs\/op/.exec(output)
  return line ? `${line[2]} µs` : 'not measured'
}
