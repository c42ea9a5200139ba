import { type Judged, statistic, type Tally } from './tally.ts'

const columns = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)']
const width = 24

/** The end of a run on one screen, as k6 shows it. */
export function printSummary(tally: Tally, judged: readonly Judged[], seconds: number): string {
  const checks = tally.of('rate', 'checks')
  const failed = tally.of('rate', 'http_req_failed')
  const lines = [
    ...tally.names('check').map((name) => checkLine(name, tally.of('check', name))),
    '',
    row('checks', `${percent(statistic('rate', checks))} ${statistic('count', checks)} out of ${checks.length}`),
    row(
      'http_req_failed',
      `${percent(statistic('rate', failed))} ${statistic('count', failed)} out of ${failed.length}`,
    ),
    ...tally
      .names('trend')
      .sort()
      .map((name) => row(name, trend(tally.of('trend', name)))),
    ...tally
      .names('counter')
      .sort()
      .map((name) => row(name, perSecond(statistic('count', tally.of('counter', name)), seconds))),
    row('http_reqs', perSecond(failed.length, seconds)),
    '',
    ...judged.map(
      ({ metric, condition, found, passed }) => `    ${passed ? '✓' : '✗'} ${metric}: ${condition} (${round(found)})`,
    ),
    ...tally.failures.slice(0, 5).map((failure) => `    ! an iteration ended early: ${failure}`),
  ]
  return `\n${lines.join('\n')}\n\n`
}

function checkLine(name: string, values: readonly number[]): string {
  const passed = statistic('count', values)
  if (passed === values.length) return `    ✓ ${name}`
  return `    ✗ ${name}\n      ↳ ${percent(passed / values.length)} ✓ ${passed} / ✗ ${values.length - passed}`
}

function row(name: string, value: string): string {
  return `    ${name.padEnd(width, '.')}: ${value}`
}

function trend(values: readonly number[]): string {
  return columns.map((column) => `${column}=${round(statistic(column, values))}ms`).join(' ')
}

function perSecond(count: number, seconds: number): string {
  return `${count} ${round(count / seconds)}/s`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100)
}
