import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { homeDirectory, viewHome } from '../appliance/home.ts'
import { holderOf } from '../appliance/lock.ts'
import type { Card } from '../appliance.ts'

/** `countroom status`: one screen; exit code 0 when all runs, 2 when something does not, 3 when nothing does. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what runs, on one screen')
    .option('--json', 'for machines')
    .action((options: { json?: boolean }) => {
      const home = viewHome(homeDirectory())
      if (!holderOf(home) || !home.has('run/appliance.json')) {
        process.stdout.write(
          options.json ? '{"running":false}\n' : `No appliance runs in ${home.dir}. Start it with: npm start\n`,
        )
        process.exitCode = 3
        return
      }
      const card = JSON.parse(readFileSync(home.path('run/appliance.json'), 'utf8')) as Card
      const { enrolment: _secret, ...urls } = card.urls
      const processes = card.processes.map((unit) => ({ ...unit, memoryMegabytes: memoryOf(unit.pid) }))
      if (options.json) process.stdout.write(`${JSON.stringify({ running: true, ...card, urls, processes })}\n`)
      else process.stdout.write(screen(card, processes))
      process.exitCode = processes.every((unit) => unit.pid !== undefined) ? 0 : 2
    })
}

function screen(card: Card, processes: Array<Card['processes'][number] & { memoryMegabytes: number }>): string {
  const rows = processes.map((unit) =>
    [
      unit.name.padEnd(10),
      (unit.pid === undefined ? 'down' : 'running').padEnd(10),
      String(unit.pid ?? '-').padEnd(8),
      String(unit.restarts).padEnd(9),
      `${unit.memoryMegabytes} MB`.padEnd(9),
      unit.role,
    ].join(' '),
  )
  const head = ['process   ', 'state     ', 'pid     ', 'restarts ', 'memory   ', 'role'].join(' ')
  return `Countroom in ${card.home}\n\n${[head, ...rows].map((row) => `  ${row}`).join('\n')}\n\n  Lobby ${card.urls.lobby}   Operator ${card.urls.operator}   Inbox ${card.urls.inbox}\n`
}

function memoryOf(pid: number | undefined): number {
  try {
    const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Math.round(Number(resident ?? 0) / 1024)
  } catch {
    return 0
  }
}
