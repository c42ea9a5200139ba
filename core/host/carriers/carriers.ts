import type { Carrier } from '#messages'
import type { Host } from '../host.ts'
import { mailCarrier } from './mail.ts'

type CarrierHost = Pick<Host, 'config'>

/** Nobody takes text messages here; they wait, and the alarm says so. */
const none: Carrier = { send: async () => ({ fate: 'later', status: 'no_carrier' }) }

const opened = new WeakMap<CarrierHost['config'], Map<string, Carrier>>()

/** Who takes messages of a channel, as configured. */
export function carrierOf({ config }: CarrierHost, channel: 'email' | 'sms'): Carrier {
  const known = opened.get(config) ?? new Map<string, Carrier>()
  opened.set(config, known)
  const carrier = known.get(channel) ?? (channel === 'email' ? mailCarrier(config) : none)
  known.set(channel, carrier)
  return carrier
}
