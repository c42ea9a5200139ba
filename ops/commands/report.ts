import { Command, InvalidArgumentError } from 'commander'
import { connect } from '../appliance/postgres.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { type Kept, percent, type SloReport, sloReport } from '../report/slo.ts'

/** `countroom report`: what the operator answers for. */
export function reportCommand(): Command {
  return new Command('report').description('what was promised and what was kept').addCommand(
    new Command('slo')
      .description('the promises of the service in a month: exit code 1 when one is known to be broken')
      .option('--month <month>', 'of UTC, as 2026-11; without it the present one, as far as it has come', monthName)
      .option('--json', 'for machines')
      .action(async ({ month, json }: { month?: string; json?: boolean }) => {
        const home = knownHome()
        runningCard(home)
        const sql = connect(home, 'app')
        try {
          const now = new Date()
          const report = await sloReport(sql, month ?? now.toISOString().slice(0, 7), now)
          process.stdout.write(json ? `${JSON.stringify(report)}\n` : sloPage(report))
          process.exitCode = report.promises.some(({ met }) => met === false) ? 1 : 0
        } finally {
          await sql.end({ timeout: 5 })
        }
      }),
  )
}

function monthName(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('It is a month, as 2026-11.')
  return text
}

/** The report as a page for people. */
export function sloPage({ month, until, complete, promises, downtime }: SloReport): string {
  const outages = downtime.outages.map(
    ({ from, until: end, component, process, refused }) =>
      `  ${from} to ${end}  ${component} away for ${process}, ${refused} refused\n`,
  )
  const stops = downtime.stops.map(
    ({ from, until: end }) => `  ${new Date(from).toISOString()} to ${new Date(end).toISOString()}  no core ran\n`,
  )
  return `Promises in ${month}${complete ? '' : `, as far as it had come (${until})`}

${promises.map(line).join('')}${outages.length + stops.length > 0 ? `\nAway\n${[...outages, ...stops].join('')}` : ''}`
}

function line({ slo, promise, target, good, all, met, words }: Kept): string {
  const state = { true: 'kept   ', false: 'BROKEN ', undefined: all === 0 ? 'nothing' : 'unknown' }[`${met}`]
  const share = good === null || !all ? '-' : percent(good / all)
  return `${state}  ${slo.padEnd(12)} ${share.padStart(10)} of ${percent(target)} promised: ${promise}\n         ${words}\n`
}
