import * as program from '#program'
import { runbook } from '../appliance/program.ts'
import { readSettings } from '../appliance/settings.ts'
import { broken, type Check, sound } from './finding.ts'

const hoursMax = 25

/** What the last look found; looking anew is `verify program`, which keeps what it finds. */
export const controlProgram: Check = {
  id: 'program',
  after: ['postgres'],
  remedy: 'npx countroom verify program',
  async look({ home, now, sql }) {
    const last = await program.lastVerdict(sql(), readSettings(home).nodeName)
    if (!last) return broken('the control program was never inspected', 'npx countroom verify program')
    const at = `${last.at.toISOString().slice(0, 19)}Z`
    if (!last.ok)
      return broken(
        `not as approved, inspected at ${at}: ${last.firstBad}${last.differences > 1 ? ` (and ${last.differences - 1} more)` : ''}`,
        `${runbook}; after an upgrade of yours: npx countroom manifest make`,
      )
    if (now.getTime() - last.at.getTime() > hoursMax * 3_600_000)
      return broken(`last inspected at ${at}, more than ${hoursMax} hours ago`, 'npx countroom logs work-1')
    return sound(`${last.files} files as approved, inspected at ${at}`)
  },
}
