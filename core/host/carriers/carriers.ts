import { type Carrier, type Channel, noteReceipt, type Receipt } from '#messages'
import { type Host, transact } from '../host.ts'
import { readSecret } from '../secrets.ts'
import { mailCarrier } from './mail.ts'
import { sandboxCarrier } from './sandbox.ts'
import { smppCarrier } from './smpp.ts'

type CarrierHost = Pick<Host, 'config' | 'sql' | 'keys' | 'log' | 'now'>

/** Nobody takes text messages here; they wait, and the alarm says so. */
const none: Carrier = { send: async () => ({ fate: 'later', status: 'no_carrier' }), close: async () => {} }

const opened = new WeakMap<CarrierHost['config'], Map<Channel, Carrier>>()

/** Who takes messages of a channel, as configured. */
export function carrierOf(host: CarrierHost, channel: Channel): Carrier {
  const known = opened.get(host.config) ?? new Map<Channel, Carrier>()
  opened.set(host.config, known)
  const carrier = known.get(channel) ?? (channel === 'email' ? mailCarrier(host.config) : textCarrier(host))
  known.set(channel, carrier)
  return carrier
}

export async function closeCarriers({ config }: Pick<CarrierHost, 'config'>): Promise<void> {
  await Promise.all([...(opened.get(config)?.values() ?? [])].map((carrier) => carrier.close()))
}

/** By the protocol of its address. Its secret file may hold several secrets, one a line, while they rotate. */
function textCarrier(host: CarrierHost): Carrier {
  const { smsCarrier } = host.config
  if (smsCarrier?.secretFile === undefined) return none
  const { url, sender, caFile, secretFile } = smsCarrier
  const secrets = readSecret(secretFile).split(/\s+/)
  const access = { url, sender, now: host.now }
  if (!url.startsWith('smpp')) return sandboxCarrier({ ...access, secrets })
  return smppCarrier({
    ...access,
    caFile,
    password: secrets[0] ?? '',
    receive: (receipt) => takeReceipt(host, receipt),
    log: (line, text) => host.log.warn(line, text),
  })
}

/** @throws Refusal `messages.receipt_unknown` */
export async function takeReceipt(
  host: Pick<CarrierHost, 'sql' | 'keys' | 'now'>,
  receipt: Receipt,
  more: { address?: string; requestId: string } = { requestId: '' },
): Promise<void> {
  const { address, requestId } = more
  const actor = { kind: 'partner' as const, id: receipt.carrier, ...(address === undefined ? {} : { address }) }
  const command = { actor, now: host.now(), requestId, keys: host.keys }
  await transact(host, (tx) => noteReceipt(tx, command, receipt))
}
