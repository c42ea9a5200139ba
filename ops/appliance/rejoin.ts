import { readFileSync, rmSync } from 'node:fs'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { connectKeys, type JoinReport, joinDeks, readDump } from '#keys'
import type { Home } from './home.ts'
import { connect } from './postgres.ts'
import { agentSocket } from './sockets.ts'

/** A backup of keys that waits to be joined with restored data; a start does it before anybody can ask for that data. */
export const pendingRejoin = 'rejoin-keys.jsonl'

export function isRejoinPending(home: Home): boolean {
  return home.has(pendingRejoin)
}

/** Joins what waits, then lets go of it; a start that is cut short does it again. */
export async function rejoin(home: Home, tell: (word: string) => void = () => {}): Promise<JoinReport> {
  const report = await joinText(home, readFileSync(home.path(pendingRejoin), 'utf8'))
  rmSync(home.path(pendingRejoin))
  tell(`${report.deks} joined, ${report.erased} of the erased removed`)
  return report
}

/**
 * Joins a backup of keys with the database as it is, in one transaction, and writes it down.
 *
 * @throws Refusal `keys.backup_unsound`; `keys.backup_forged` where the agent does not know the file for its own
 */
export async function joinText(home: Home, text: string): Promise<JoinReport> {
  const dump = readDump(text)
  const owner = connect(home, 'owner')
  const agent = connectKeys({ socket: agentSocket(home, 'ops') })
  try {
    await agent.checkFile(dump.file)
    const entries = await agent.list()
    const named = (...states: string[]) => entries.filter(({ state }) => states.includes(state)).map(({ key }) => key)
    const epochs = { usable: named('active', 'decrypt-only'), active: named('active', 'pre-active') }
    return (await owner.begin(async (tx) => {
      const report = await joinDeks(tx, dump, epochs)
      await audit.record(tx, systemCommand('countroom keys'), {
        action: 'keys.restored',
        subject: 'keys',
        detail: { deks: report.deks, erased: report.erased },
      })
      return report
    })) as JoinReport
  } finally {
    await Promise.all([owner.end({ timeout: 5 }), agent.close()])
  }
}
