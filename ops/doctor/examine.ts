import { existsSync, readFileSync } from 'node:fs'
import { connectKeys, type Keys } from '#keys'
import type { Sql } from '../../core/host/database.ts'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { agentSocket } from '../appliance/sockets.ts'
import type { Card } from '../appliance.ts'
import { checks } from './checks.ts'
import type { Check, Finding, Probe } from './finding.ts'

/** Makes every check, at the same time where they do not depend on each other; one that cannot be made is a finding. */
export async function examine(home: Home, now: Date = new Date()): Promise<Finding[]> {
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
  const findings = new Map<string, Promise<Finding>>()
  for (const check of checks) findings.set(check.id, judge(check, probe, findings))
  try {
    return await Promise.all(findings.values())
  } finally {
    await Promise.all([sql?.end({ timeout: 1 }), keys?.close()])
  }
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
