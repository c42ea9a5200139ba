import { Counter } from 'prom-client'
import * as audit from '#audit'
import type { Command } from '#base'
import { TamperedEnvelope } from '#keys'
import type { Host } from './host.ts'
import type { Problem } from './refusals.ts'

const unwritten = new Counter({
  name: 'countroom_audit_unwritten_total',
  help: 'Acts that were refused, or incidents that went untold, because the audit log could not be written.',
})
const refused = new Counter({
  name: 'countroom_unavailable_total',
  help: 'Requests and jobs that were refused because something the casino needs was away.',
})

const away = new Set(['host.engine_away', 'keys.unavailable', 'audit.unwritable'])
/** What clients of the interfaces are refused: told as often as a forged event, since a stranger may send any number. */
const tokenCodes = new Set(['access.client_refused', 'access.token_refused', 'access.scope_missing'])
/** What comes in the name of a partner and is not signed by them. */
const forgeries = new Map([
  ['cashier.event_not_authentic', 'cashier.event_forged'],
  ['messages.receipt_not_authentic', 'messages.receipt_forged'],
] as const)
const reportSeconds = 60
/** What was refused since the watch over outages last asked; see `outages.ts`. */
let refusedSince = 0

type IncidentHost = Pick<Host, 'sql' | 'log' | 'now' | 'config'>

/** What goes wrong on a face or in a job and is a significant event [GLI-2.8.8a] [GLI-2.8.8b]. */
export type Incidents = {
  /** Never throws: the caller has an answer to give. */
  note(command: Command, incident: { where: string; error: unknown; problem: Problem }): Promise<void>
}

/**
 * Writes down program errors and denied access, in transactions of their own, since what caused them was rolled back. One
 * error that comes again and again is told once a minute, with how often it came meanwhile.
 */
export function openIncidents(host: IncidentHost): Incidents {
  const told = new Map<string, { at: number; unreported: number }>()

  return {
    async note(command, { where, error, problem }) {
      if (away.has(problem.code)) {
        refusedSince++
        refused.inc()
      }
      if (problem.code === 'audit.unwritable') unwritten.inc()
      const entry = entryOf(command, where, error, problem)
      if (!entry) return
      await host.sql
        .begin((tx) => audit.record(tx, command, entry))
        .catch((failure: unknown) => {
          unwritten.inc()
          host.log.error({ err: failure, code: entry.action, requestId: command.requestId }, 'an incident went untold')
        })
    },
  }

  function entryOf(command: Command, where: string, error: unknown, problem: Problem): audit.Entry | undefined {
    if (isDenied(command, problem))
      return {
        action: 'staff.access_denied',
        subject: command.actor.kind === 'staff' ? command.actor.id : 'unknown',
        detail: { route: where, code: problem.code },
      }
    const refused = tokenCodes.has(problem.code)
    const forged = forgeries.get(problem.code as never)
    if (problem.status !== 500 && !forged && !refused) return undefined
    const name = error instanceof Error ? error.name : typeof error
    const unreported = countOf(`${where} ${refused ? `${problem.code} ${command.actor.id}` : name}`)
    if (unreported === undefined) return undefined
    if (refused)
      return {
        action: 'access.client_refused',
        subject: command.actor.kind === 'partner' ? command.actor.id : 'unknown',
        detail: { route: where, code: problem.code, ...(unreported > 0 ? { unreported } : {}) },
      }
    if (forged) return { action: forged, subject: where, detail: unreported > 0 ? { unreported } : {} }
    if (error instanceof TamperedEnvelope)
      return { action: 'keys.envelope_tampered', subject: where, detail: { where: error.where } }
    const code = (error as { code?: unknown } | null)?.code
    return {
      action: 'host.program_error',
      subject: where,
      detail: {
        process: host.config.name,
        error: name, // never its message: that may hold what somebody sent
        ...(typeof code === 'string' ? { code } : {}),
        ...(unreported > 0 ? { unreported } : {}),
      },
    }
  }

  /** How often it came since it was last told; undefined when it is not to be told now. */
  function countOf(what: string): number | undefined {
    const now = host.now().getTime()
    const last = told.get(what)
    if (last && now - last.at < reportSeconds * 1000) {
      last.unreported++
      return undefined
    }
    if (told.size > 1000) told.clear()
    told.set(what, { at: now, unreported: 0 })
    return last?.unreported ?? 0
  }
}

/** How many were refused since the last time this was asked. */
export function takeRefused(): number {
  const count = refusedSince
  refusedSince = 0
  return count
}

/** A member of staff who may not, or somebody with a link that is none. Strangers from elsewhere are not worth a row each. */
function isDenied(command: Command, problem: Problem): boolean {
  return (command.actor.kind === 'staff' && problem.status === 403) || problem.code === 'staff.enrolment_unknown'
}
