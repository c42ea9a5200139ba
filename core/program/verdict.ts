import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import type { Inspection } from './inspection.ts'

export type Occasion = 'approval' | 'start' | 'daily' | 'demand'

export type Verdict = {
  at: Date
  occasion: Occasion
  ok: boolean
  expected: string | null
  actual: string
  files: number
  differences: number
  firstBad: string | null
}

const differencesTold = 20

/** Keeps what an inspection found, and tells the audit log what was expected and what was there (GLI-19 2.8.8b, B.2.6). */
export async function keep(
  tx: Tx,
  command: Command,
  node: string,
  occasion: Occasion,
  inspection: Inspection,
): Promise<void> {
  const { ok, expected, actual, files, differences } = inspection
  const firstBad = differences[0] ? tellDifference(differences[0]) : null
  await tx`
    insert into program.verdicts (node, at, occasion, ok, expected, actual, files, differences, first_bad)
    values (${node}, ${command.now}, ${occasion}, ${ok}, ${expected}, ${actual}, ${files}, ${differences.length}, ${firstBad})`
  if (ok)
    await audit.record(tx, command, {
      action: 'program.verified',
      subject: node,
      detail: { occasion, expected, actual, files },
    })
  for (const { path, expected, actual } of differences.slice(0, differencesTold))
    await audit.record(tx, command, {
      action: 'program.mismatch',
      subject: node,
      outcome: 'failure',
      detail: {
        occasion,
        path,
        ...(expected === null ? {} : { expected }),
        ...(actual === null ? {} : { actual }),
        differences: differences.length,
      },
    })
}

/** What was found last on a node; undefined before the first time. */
export async function lastVerdict(reader: Reader, node: string): Promise<Verdict | undefined> {
  const [last] = await reader<Verdict[]>`
    select at, occasion, ok, expected, actual, files, differences, first_bad as "firstBad"
    from program.verdicts where node = ${node} order by id desc limit 1`
  return last
}

/** A difference in a line for people. */
export function tellDifference({
  path,
  expected,
  actual,
}: {
  path: string
  expected: string | null
  actual: string | null
}): string {
  if (expected === null) return `${path}: nobody approved it`
  if (actual === null) return `${path}: it is gone`
  return `${path}: expected ${expected}, found ${actual}`
}
