import { clockOffsetMsMax } from '../../core/host/time-source.ts'
import { readClock } from '../appliance/clock.ts'
import { broken, type Check, sound, warning } from './finding.ts'

const remedy = 'chronyc sources; chronyc tracking; ops/runbooks/audit-events.md#clocks'

/** Whether a time source holds this machine's clock. A machine without chrony is not at fault here: its alarm is `ClockUnknown`. */
export const clockSource: Check = {
  id: 'clock.source',
  after: [],
  remedy,
  async look({ now }) {
    const reading = await readClock(now)
    if ('unmeasured' in reading) return sound(`not measured: ${reading.unmeasured}; a casino wants chrony`)
    const milliseconds = Math.round(reading.offsetSeconds * 1000)
    const words = `the clock is ${Math.abs(milliseconds)} ms ${milliseconds < 0 ? 'behind' : 'before'} its time source`
    if (Math.abs(milliseconds) > clockOffsetMsMax) return broken(words, remedy)
    return reading.synchronised ? sound(words) : warning('no time source holds the clock', remedy)
  },
}
