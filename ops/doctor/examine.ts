import { existsSync, readFileSync } from 'node:fs'
import { connectKeys, type Keys } from '#keys'
import type { Sql } from '../../core/host/database.ts'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { agentSocket } from '../appliance/sockets.ts'
import type { Card } from '../appliance.ts'
import { checks } from './checks.ts'
import type { Check, Finding, Probe } from './finding.ts'

/** Makes every check, or those wanted, at the same time where they do not depend on each other; one that cannot be made is a finding. */
export function examine(home: Home, now: Date = new Date(), wanted: readonly Check[] = checks): Promise<Finding[]> {
  return withProbe(home, now, (probe) => judgeAll(probe, wanted))
}

/** Lends what checks look with, and closes it. */
export async function withProbe<T>(home: Home, now: Date, work: (probe: Probe) => Promise<T>): Promise<T> {
  let sql: Sql | undefined
  let keys: Keys | undefined
  const probe: Probe = {
    home,
    card: readCard(home),
    now,
    sql: () => {
      sql ??= connect(home, 'app')
      return sql
    },
    keys: () => {
      keys ??= connectKeys({ socket: agentSocket(home, 'ops') })
      return keys
    },
  }
  try {
    return await work(probe)
  } finally {
    await Promise.all([sql?.end({ timeout: 1 }), keys?.close()])
  }
}

/** What was found, in the order of the checks; those that one stands behind must be among them. */
export function judgeAll(probe: Probe, wanted: readonly Check[]): Promise<Finding[]> {
  const findings = new Map<string, Promise<Finding>>()
  for (const check of wanted) findings.set(check.id, judge(check, probe, findings))
  return Promise.all(findings.values())
}

/** The checks of these names and all that they stand behind. */
export function checksFor(names: readonly string[]): Check[] {
  const needed = new Set<string>()
  const need = (id: string) => {
    needed.add(id)
    for (const before of checks.find((check) => check.id === id)?.after ?? []) need(before)
  }
  for (const name of names) need(name)
  return checks.filter(({ id }) => needed.has(id))
}

async function judge(check: Check, probe: Probe, findings: ReadonlyMap<string, Promise<Finding>>): Promise<Finding> {
  const { id, remedy } = check
  const before = await Promise.all(check.after.map((name) => findings.get(name)))
  const cause = before.find((finding) => finding?.severity !== 'sound')
  if (cause) return { id, severity: 'warning', evidence: `cannot be judged before ${cause.id} is sound` }
  try {
    return { id, ...(await check.look(probe)) }
  } catch (error) {
    return { id, severity: 'broken', evidence: (error as Error).message, remedy }
  }
}

function readCard(home: Home): Card | undefined {
  const file = home.path('run/appliance.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Card) : undefined
}
