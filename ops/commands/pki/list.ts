import { Command } from 'commander'
import * as pki from '#pki'
import { atPlace } from './place.ts'

export function listCommand(): Command {
  return new Command('list')
    .description('who has a certificate, until when; exit code 1 when one ought to have been renewed')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => {
      const now = new Date()
      const found = await atPlace(({ sql }) => pki.components(sql, now))
      if (options.json) process.stdout.write(`${JSON.stringify({ components: found })}\n`)
      else process.stdout.write(screen(found, now))
      process.exitCode = found.some(({ overdue }) => overdue) ? 1 : 0
    })
}

function screen(found: readonly pki.Component[], now: Date): string {
  const rows = found.flatMap(({ component, role, state, serial, notAfter, good, renewalDue, overdue }) => [
    [
      component.padEnd(14),
      role.padEnd(9),
      state.padEnd(9),
      (notAfter ? inWords(notAfter, now) : '-').padEnd(16),
      (state !== 'enabled' || !renewalDue ? '-' : overdue ? 'OVERDUE' : inWords(renewalDue, now)).padEnd(16),
      serial ?? '-',
    ].join(' '),
    ...good.filter((each) => each !== serial).map((each) => `${'  good still'.padEnd(75)}${each}`),
  ])
  const head = ['component     ', 'role     ', 'state    ', 'ends in         ', 'renewed in      ', 'serial'].join(' ')
  return `${[head, ...rows].join('\n')}\n`
}

function inWords(then: Date, now: Date): string {
  const hours = (then.getTime() - now.getTime()) / 3_600_000
  if (hours < 0) return 'ended'
  return hours < 48 ? `${Math.floor(hours)} hours` : `${Math.floor(hours / 24)} days`
}
