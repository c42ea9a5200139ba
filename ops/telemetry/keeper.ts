import type { Settings } from '../appliance/settings.ts'
import type { TargetGroup } from '../monitoring/targets.ts'

/**
 * Sends what the processes of this machine count to the collector, again and again, beside them: it asks as Prometheus does, so nobody who serves has to
 * do with the collector. A reading that it does not take is lost, the next one has all of it; whether it takes them is said when that changes.
 */
export async function keepTelemetry(
  settings: Settings,
  inventory: readonly TargetGroup[],
  say: (line: string) => void,
): Promise<{ stop(): Promise<void> } | undefined> {
  const { telemetry } = settings
  if (!telemetry?.metrics) return undefined
  const { endpoint } = telemetry.otlp
  const { openSender } = await import('./sender.ts') // loaded only where it is wanted
  const send = openSender(settings, telemetry.otlp)
  let complaint: string | undefined
  let sending: Promise<void> | undefined
  const timer = setInterval(look, telemetry.metrics.everySeconds * 1000)
  look()
  return {
    async stop() {
      clearInterval(timer)
      await Promise.race([sending, new Promise((resolve) => setTimeout(resolve, 1000))])
    },
  }

  /** One at a time: while the collector is slow, there are fewer readings. */
  function look(): void {
    sending ??= send(inventory)
      .then(tell)
      .finally(() => {
        sending = undefined
      })
  }

  function tell(found: string | undefined): void {
    if (found === complaint) return
    complaint = found
    say(
      found === undefined
        ? `The collector of ${endpoint} takes figures again.`
        : `The collector of ${endpoint} does not take figures: ${found}`,
    )
  }
}
