/**
 * The promises of the service, and the rules that watch how fast their error budgets are spent: several windows, several burn
 * rates (Google's SRE workbook, chapter 5). A short window beside each long one ends the alarm soon after the fault has ended.
 */
type Objective = {
  slo: string
  /** What the alarm is called before `BurnsFast` and `BurnsSlow`. */
  alert: string
  promise: string
  /** The share that must be good, over 30 days. */
  target: number
  /** The share that was bad over a window; nothing where nothing happened. */
  errors(window: string): string
}

const bets = '{face="player",route=~"/api/games/:game/(fair-)?rounds"}'
const deposits = 'face="player",route="/api/deposits",method="POST"'

export const objectives: readonly Objective[] = [
  {
    slo: 'availability',
    alert: 'Availability',
    promise: 'requests of players are answered without a fault of ours',
    target: 0.999,
    errors: (window) =>
      share(
        'countroom_edge_requests_total{listener="player",status="5xx"}',
        'countroom_edge_requests_total{listener="player"}',
        window,
      ),
  },
  {
    slo: 'bet-latency',
    alert: 'BetLatency',
    promise: 'bets are answered within 250 ms',
    target: 0.99,
    errors: (window) => late('countroom_request_seconds', bets, '0.25', window),
  },
  {
    slo: 'deposits',
    alert: 'Deposits',
    promise: 'deposits that are asked for get their page of payment',
    target: 0.995,
    errors: (window) =>
      share(`countroom_requests_total{${deposits},status=~"5.."}`, `countroom_requests_total{${deposits}}`, window),
  },
  {
    slo: 'settlement',
    alert: 'Settlement',
    promise: 'what a gateway tells is done within 5 s',
    target: 0.99,
    errors: (window) => late('countroom_settlement_seconds', '{}', '5(\\\\.0)?', window),
  },
]

/** Pairs of windows and the burn rate that both must exceed. */
const fast = [
  { short: '5m', long: '1h', burn: 14.4 }, // 2 % of the budget in an hour
  { short: '30m', long: '6h', burn: 6 }, // 5 % in six
]
const slow = [
  { short: '2h', long: '1d', burn: 3 }, // 10 % in a day
  { short: '6h', long: '3d', burn: 1 }, // 10 % in three
]
const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d']

function share(bad: string, all: string, window: string): string {
  return `(sum(rate(${bad}[${window}])) or vector(0)) / (sum(rate(${all}[${window}])) > 0)`
}

/** `le` is a regular expression: newer collectors write `5.0` where ours tells `5`. */
function late(histogram: string, labels: string, le: string, window: string): string {
  const within = labels.replace('}', `${labels === '{}' ? '' : ','}le=~"${le}"}`)
  const all = `(sum(rate(${histogram}_count${labels === '{}' ? '' : labels}[${window}])) > 0)`
  return `1 - sum(rate(${histogram}_bucket${within}[${window}])) / ${all}`
}

/** The file of rules, as text. */
export function renderObjectives(): string {
  const groups = objectives.map(
    (objective) => `  - name: countroom-slo-${objective.slo}
    rules:
${[...recordings(objective), alertOf(objective, 'Fast', 'page', fast), alertOf(objective, 'Slow', 'ticket', slow)].join('')}`,
  )
  return `# Promises of the service and how fast their error budgets are spent. Made by ops/monitoring/render.ts from objectives.ts; change that.
groups:
${groups.join('')}`
}

function recordings({ slo, target, errors }: Objective): string[] {
  const record = (name: string, expr: string) => `      - record: ${name}
        expr: ${quoted(expr)}
        labels: { slo: ${slo} }
`
  const month = `slo:sli_error:ratio_rate5m{slo="${slo}"}[30d]`
  return [
    ...windows.map((window) => record(`slo:sli_error:ratio_rate${window}`, errors(window))),
    record('slo:sli_error:ratio_rate30d', `sum_over_time(${month}) / count_over_time(${month})`),
    record('slo:objective:ratio', `vector(${target})`),
    record(
      'slo:period_error_budget_remaining:ratio',
      `1 - slo:sli_error:ratio_rate30d{slo="${slo}"} / ${budgetOf(target)}`,
    ),
  ]
}

function alertOf(
  { slo, alert, promise, target }: Objective,
  pace: string,
  severity: string,
  pairs: typeof fast,
): string {
  const above = (window: string, burn: number) =>
    `slo:sli_error:ratio_rate${window}{slo="${slo}"} > ${Number((burn * budgetOf(target)).toFixed(6))}`
  const expr = pairs.map(({ short, long, burn }) => `(${above(short, burn)} and ${above(long, burn)})`).join(' or ')
  return `      - alert: ${alert}Burns${pace}
        expr: ${quoted(expr)}
        labels: { severity: ${severity} }
        annotations:
          summary: "Too few ${promise}"
          description: "${Number((target * 100).toFixed(3))} % are promised over 30 days; {{ $value | humanizePercentage }} fail at present, which spends the budget ${pace === 'Fast' ? 'within days' : 'before the month is over'}."
          runbook: ops/runbooks/objectives.md#${slo}
`
}

const budgetOf = (target: number): number => Number((1 - target).toFixed(6))

/** As the formatter has it. No expression has both kinds of quotes. */
const quoted = (expr: string): string => (expr.includes('"') ? `'${expr}'` : `"${expr}"`)
