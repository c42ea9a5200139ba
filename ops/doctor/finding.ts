import type { Keys } from '#keys'
import type { Sql } from '../../core/host/database.ts'
import type { Home } from '../appliance/home.ts'
import { stateOf } from '../appliance/processes.ts'
import type { Card } from '../appliance.ts'

type Severity = 'sound' | 'warning' | 'broken'
export type Finding = { id: string; severity: Severity; evidence: string; remedy?: string }
export type Found = Omit<Finding, 'id'>

/** What a check looks at; `now` can be another moment, for what grows old. Connections are shared by all checks. */
export type Probe = { home: Home; card: Card | undefined; now: Date; sql(): Sql; keys(): Keys }

export type Check = {
  /** For ever the same. */
  id: string
  /** Checks that must be sound, for this one to mean anything: one fault is then named once, where it is. */
  after: readonly string[]
  /** What to do when the check itself fails. */
  remedy: string
  look(probe: Probe): Promise<Found>
}

export const sound = (evidence: string): Found => ({ severity: 'sound', evidence })
export const warning = (evidence: string, remedy: string): Found => ({ severity: 'warning', evidence, remedy })
export const broken = (evidence: string, remedy: string): Found => ({ severity: 'broken', evidence, remedy })

/** Why a process cannot answer, when the system knows it. */
export function heldUp({ card }: Probe, name: string): Found | undefined {
  const unit = card?.processes.find((each) => each.name === name)
  const state = stateOf(unit?.pid)
  if (state === 'stopped')
    return broken(`${name} (process ${unit?.pid}) is stopped by a signal`, `kill -CONT ${unit?.pid}`)
  if (state === 'down') return broken(`${name} is down`, `npx countroom logs ${name} says why`)
  return undefined
}
