import { Command } from 'commander'
import { memoryBytes, stateOf } from '../appliance/processes.ts'
import { cardOf, knownHome, runningCard } from '../appliance/running.ts'
import { nothingRunsExitCode } from '../appliance/trouble.ts'
import type { Card } from '../appliance.ts'

/** `countroom status`: one screen; exit code 0 when all runs, 2 when something does not, 3 when nothing does. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what runs, on one screen')
    .option('--json', 'for machines')
    .action((options: { json?: boolean }) => {
      const home = knownHome()
      if (options.json && !cardOf(home)) {
        process.stdout.write('{"running":false}\n')
        process.exitCode = nothingRunsExitCode
        return
      }
      const card = runningCard(home)
      const { enrolment: _secret, ...urls } = card.urls
      const processes = card.processes.map(withFacts)
      if (options.json) process.stdout.write(`${JSON.stringify({ running: true, ...card, urls, processes })}\n`)
      else process.stdout.write(screen(card, processes))
      process.exitCode = processes.every((unit) => unit.state === 'running') ? 0 : 2
    })
}

/** The card tells what the supervisor knows; state and memory are the system's, of this moment. */
function withFacts(unit: Card['processes'][number]) {
  const bytes = unit.pid === undefined ? 0 : memoryBytes(unit.pid)
  return { ...unit, state: stateOf(unit.pid), memoryMegabytes: Math.round(bytes / 1024 ** 2) }
}

function screen(card: Card, processes: Array<ReturnType<typeof withFacts>>): string {
  const rows = processes.map((unit) =>
    [
      unit.name.padEnd(10),
      unit.state.padEnd(10),
      String(unit.pid ?? '-').padEnd(8),
      String(unit.restarts).padEnd(9),
      `${unit.memoryMegabytes} MB`.padEnd(9),
      unit.role,
    ].join(' '),
  )
  const head = ['process   ', 'state     ', 'pid     ', 'restarts ', 'memory   ', 'role'].join(' ')
  return `Countroom in ${card.home}\n\n${[head, ...rows].map((row) => `  ${row}`).join('\n')}\n\n  Lobby ${card.urls.lobby}   Operator ${card.urls.operator}   Inbox ${card.urls.inbox}\n`
}
