import { Counter, Gauge, register } from 'prom-client'
import * as audit from '#audit'
import { type Reader, systemCommand } from '#base'
import { type Host, transact } from '../host.ts'
import type { Destination } from './destination.ts'
import { fileDestination } from './file.ts'
import { syslogDestination } from './syslog.ts'

export type Shipper = { stop(): Promise<void> }
type ShippingHost = Pick<Host, 'sql' | 'log' | 'now' | 'config'>

const linesMax = 1000
const holdSeconds = 30
const lookMs = 1000

const failures = new Counter({
  name: 'countroom_audit_shipping_failures_total',
  help: 'Times the second place of the audit log could not be reached or written.',
})

/**
 * Brings the audit log to its second place [S52], in the order of the log, each line once and again if it may not have arrived. Of
 * several workers one does it at a time. Undefined when the configuration names no second place.
 */
export function startShipper(host: ShippingHost): Shipper | undefined {
  const { ship } = host.config.audit
  if (!ship) return undefined
  observeLag(host)
  const destination = 'file' in ship ? fileDestination(ship.file) : syslogDestination(ship.syslog, host.config.name)
  const step = openShipping(host, destination)
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let complaint = ''
  let running: Promise<void> = Promise.resolve()

  const run = async (): Promise<void> => {
    try {
      while (!stopped && (await step.ship()));
      complaint = ''
    } catch (error) {
      failures.inc()
      const said = (error as Error).message
      if (said !== complaint)
        host.log.error({ err: error }, 'the second place of the audit log does not take it; trying again')
      complaint = said
    }
    if (!stopped) timer = setTimeout(next, lookMs)
  }
  const next = () => {
    running = run()
  }
  next()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
      await step.close()
    },
  }
}

type Kept = audit.ShippingPosition & { fault: string | null }
type Sent = { position: audit.ShippingPosition; atMs: number }

/** One step after the other; `ship` is true when more waits. */
export function openShipping(
  host: Pick<ShippingHost, 'sql' | 'log' | 'now' | 'config'>,
  destination: Destination,
): { ship(): Promise<boolean>; close(): Promise<void> } {
  const holder = `${host.config.name} ${process.pid}`
  let isOpen = false
  /** What was sent and has not settled yet, oldest first. */
  let sent: Sent[] = []

  return {
    async ship() {
      const kept = await transact(host, (tx) => audit.holdShipping(tx, holder, holdSeconds))
      if (!kept) {
        await abandon()
        return false
      }
      try {
        const from = isOpen ? (sent.at(-1)?.position ?? kept) : await begin(kept)
        const { lines, position } = await audit.linesAfter(host.sql, from, linesMax)
        if (lines.length > 0) await destination.send(lines)
        if (position.index > from.index) sent.push({ position, atMs: performance.now() })
        await settle()
        return lines.length === linesMax
      } catch (error) {
        await abandon() // from what is known to have arrived, the next time
        throw error
      }
    },
    async close() {
      await abandon()
      await transact(host, (tx) => audit.leaveShipping(tx, holder)).catch(() => {})
    },
  }

  async function begin(kept: Kept): Promise<audit.ShippingPosition> {
    const { tells, last } = await destination.open()
    isOpen = true
    if (!tells) return kept
    const { position, fault } = await compared(host.sql, kept, last)
    if (position.index > kept.index) sent.push({ position, atMs: performance.now() - destination.settleMs })
    if (fault === kept.fault) return position
    if (fault) host.log.error({ fault }, 'the second place of the audit log is not what was sent')
    await transact(host, async (tx) => {
      await audit.noteShippingFault(tx, fault)
      if (fault)
        await audit.record(tx, systemCommand(host.config.name, host.now()), {
          action: 'audit.shipping_failed',
          subject: 'shipping',
          detail: { cause: fault },
        })
    })
    return position
  }

  async function settle(): Promise<void> {
    const before = performance.now() - destination.settleMs
    const arrived = sent.findLast(({ atMs }) => atMs <= before)
    if (!arrived) return
    await transact(host, (tx) => audit.moveShipping(tx, holder, arrived.position, host.now()))
    sent = sent.filter(({ atMs }) => atMs > before)
  }

  async function abandon(): Promise<void> {
    sent = []
    if (isOpen) await destination.close().catch(() => {})
    isOpen = false
  }
}

/** What the place says it has, against what should be there. It may be ahead by what was written just before a crash. */
async function compared(
  reader: Reader,
  kept: audit.ShippingPosition,
  last: { number: bigint; hash: Buffer } | undefined,
): Promise<{ position: audit.ShippingPosition; fault: string | null }> {
  const found = last ?? { number: 0n, hash: Buffer.alloc(32) }
  let position = kept
  if (found.number > kept.number) {
    const ahead = await audit.linesAfter(reader, kept, Number(found.number - kept.number))
    if (ahead.position.number === found.number) position = ahead.position
  }
  if (found.number === position.number && found.hash.equals(position.hash)) return { position, fault: null }
  const fault =
    found.number === position.number
      ? `its line ${found.number} is not the one that was sent`
      : `it ends with line ${found.number}, not with line ${kept.number}`
  return { position: kept, fault }
}

/** What metrics tell is in the database: any worker may have shipped last. */
function observeLag({ sql, now }: ShippingHost): void {
  if (register.getSingleMetric('countroom_audit_shipping_lag_seconds')) return
  const observe = (name: string, help: string, read: (lag: audit.ShippingLag) => number) =>
    new Gauge({
      name,
      help,
      async collect() {
        const lag = await audit.shippingLag(sql).catch(() => undefined)
        if (lag) this.set(read(lag))
        else this.remove()
      },
    })
  observe('countroom_audit_shipping_waiting', 'Events that are not at the second place yet.', ({ waiting }) => waiting)
  observe(
    'countroom_audit_shipping_lag_seconds',
    'How long the oldest event has waited that is not at the second place yet; 0 when none waits.',
    ({ oldest }) => (oldest ? (now().getTime() - oldest.getTime()) / 1000 : 0),
  )
  observe(
    'countroom_audit_shipping_sound',
    '1 while the second place has what was sent, 0 from when it was found to have something else.',
    ({ fault }) => (fault ? 0 : 1),
  )
}
