/** Whom alarms go to: a webhook each. `watchdog` belongs to somebody outside, who calls when it goes silent. */
export type Receivers = { page: string; ticket: string; watchdog: string }

/**
 * Alertmanager's configuration: a page at once and every hour, a ticket in its time. What follows from something else that rings
 * is held back, so that at night one alarm says it.
 */
export function renderRoutes(receivers: Receivers): string {
  return `# Made by \`countroom monitoring\`: run that again instead of changing this.
route:
  receiver: page # what nobody thought of
  group_by: [alertname, slo, node]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
    - matchers: ['severity="watchdog"']
      receiver: watchdog
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1m
    - matchers: ['severity="ticket"']
      receiver: ticket
      repeat_interval: 4h
inhibit_rules:
  # A promise broken fast is broken slowly too.
  - source_matchers: ['alertname=~".+BurnsFast"']
    target_matchers: ['alertname=~".+BurnsSlow"']
    equal: [slo]
  # Whoever tells nothing cannot be asked for the rest.
  - source_matchers: ['alertname="ProcessNotScraped"', 'kind="work"']
    target_matchers: ['alertname=~".+(Unknown|NotShipped|NotSealed)"']
  - source_matchers: ['alertname="ProcessNotScraped"']
    target_matchers: ['severity="ticket"']
    equal: [instance]
  # A disk that is full is full soon.
  - source_matchers: ['alertname="DiskNearlyFull"']
    target_matchers: ['alertname="DiskFills"']
    equal: [instance]
receivers:
${(['page', 'ticket', 'watchdog'] as const)
  .map(
    (name) => `  - name: ${name}
    webhook_configs:
      - url: ${JSON.stringify(receivers[name])}
        send_resolved: ${name !== 'watchdog'}
`,
  )
  .join('')}`
}
