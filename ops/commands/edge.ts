import { Command } from 'commander'
import { askEdge } from '../appliance/edge-admin.ts'
import { reloadEdge } from '../appliance/edge-reload.ts'
import { knownHome } from '../appliance/running.ts'
import { edgeAdminSocket } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'

type CoreSeen = {
  name: string
  address: string
  standings: Record<string, number>
  drained: boolean
  inFlight: number
  slowness: number
  openBreakers: string[]
}
type Worker = {
  pid: number
  startedAt: string
  stage: string
  healthy: boolean
  state?: { webSockets: number; requestsUnderWay: number }
}
type Status = {
  name: string
  pid: number
  leaving: boolean
  config: { file: string; readAt: string; problem?: string }
  listeners: Record<string, string>
  workers: Worker[]
  drainedCores: string[]
}
type Options = { json?: boolean; socket?: string }

/** `countroom edge`: what the edge sees and does, asked over its admin socket; whoever may read that socket may do all of it. */
export function edgeCommand(): Command {
  const command = new Command('edge').description('see and steer the edge: its workers, its cores, its configuration')
  for (const part of [status(), cores(), drain(), bans(), reload()]) {
    part.option('--socket <path>', 'the admin socket of another edge than the one of COUNTROOM_HOME')
    part.option('--json', 'for machines')
    command.addCommand(part)
  }
  return command
}

function status(): Command {
  return new Command('status')
    .description('its workers and its configuration; exit code 2 when a worker or the configuration is not sound')
    .action(async (options: Options) => {
      const found = await ask<Status>(options, 'GET', '/status')
      const { workers, config } = found
      if (!workers.every(({ healthy, stage }) => healthy && stage === 'serving') || config.problem) process.exitCode = 2
      print(options, found, () => statusScreen(found))
    })
}

function cores(): Command {
  return new Command('cores')
    .description('the cores as its workers see them; or take one out of its requests for a while')
    .option('--drain <core>', 'give it nothing new; what is under way finishes')
    .option('--admit <core>', 'give it its share again, little by little')
    .action(async (options: Options & { drain?: string; admit?: string }) => {
      if (options.drain) await ask(options, 'PUT', `/cores/${encodeURIComponent(options.drain)}/drained`)
      if (options.admit) await ask(options, 'DELETE', `/cores/${encodeURIComponent(options.admit)}/drained`)
      const found = await ask<{ cores: CoreSeen[] }>(options, 'GET', '/cores')
      print(options, found, () => coresTable(found.cores))
    })
}

function drain(): Command {
  return new Command('drain')
    .description(
      'ask its clients to go elsewhere and say it is not ready, as before it is stopped; who comes all the same is served',
    )
    .option('--undo', 'be ready again')
    .action(async (options: Options & { undo?: boolean }) => {
      const found = await ask<{ leaving: boolean }>(options, options.undo ? 'DELETE' : 'PUT', '/leaving')
      print(options, found, () =>
        found.leaving
          ? 'Draining: not ready, and every connection ends with its next answer.\n  → countroom edge status; countroom edge drain --undo'
          : 'Ready again.',
      )
    })
}

function bans(): Command {
  return new Command('bans')
    .description(
      'networks that nobody is let in from until the edge is started anew; lists that last are files of its configuration',
    )
    .option('--ban <network>', 'an address, or a network such as 192.0.2.0/24 or 2001:db8::/32')
    .option('--lift <network>', 'let it in again, as it stands in the list')
    .action(async (options: Options & { ban?: string; lift?: string }) => {
      if (options.ban) await ask(options, 'PUT', `/bans/${encodeURIComponent(options.ban)}`)
      if (options.lift) await ask(options, 'DELETE', `/bans/${encodeURIComponent(options.lift)}`)
      const found = await ask<{ bans: string[] }>(options, 'GET', '/bans')
      print(options, found, () => (found.bans.length > 0 ? found.bans.join('\n') : 'Nobody is banned by hand.'))
    })
}

function reload(): Command {
  return new Command('reload')
    .description(
      'go by what countroom.json says of the edge now, without a start; what is not valid is refused, and what was in force stays',
    )
    .option('--workers', 'replace every worker too: each new one listens before an old one leaves')
    .option('--approve-program', 'it is what you want: approve it with the program as it stands')
    .action(async (options: Options & { workers?: boolean; approveProgram?: boolean }) => {
      const found = options.socket
        ? await ask<{ changed: boolean }>(options, 'POST', '/reload')
        : await reloadEdge(knownHome(), { approve: options.approveProgram === true })
      if (options.workers) await ask(options, 'POST', '/restart')
      print(options, { ...found, restarted: options.workers === true }, () =>
        [
          found.changed ? 'The configuration was taken.' : 'The configuration is what was in force.',
          ...(options.workers ? ['Every worker is new.'] : []),
        ].join('\n'),
      )
    })
}

/** @throws Trouble when no edge answers, or it says no */
async function ask<T>({ socket }: Options, method: string, path: string): Promise<T> {
  const where = socket ?? edgeAdminSocket(knownHome())
  const answer = await askEdge(where, method, path)
  if (answer === undefined)
    throw new Trouble(`No edge answers at ${where}.`, {
      setting: socket ? '--socket' : 'COUNTROOM_HOME',
      remedy: 'countroom status; npm start',
    })
  if (answer.status >= 400) {
    const { problem = 'the edge refused' } = answer.body as { problem?: string }
    throw new Trouble(problem, { setting: where, remedy: 'countroom edge status; countroom edge cores' })
  }
  return answer.body as T
}

function print(options: Options, found: unknown, screen: () => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(found) : screen()}\n`)
}

function statusScreen({ name, pid, leaving, config, listeners, workers, drainedCores }: Status): string {
  return [
    `${name}, supervised by ${pid}${leaving ? ', DRAINING' : ''}`,
    '',
    ...table(
      ['worker', 'stage', 'since', 'under way', 'WebSockets'],
      workers.map((worker) => [
        String(worker.pid),
        worker.healthy ? worker.stage : `${worker.stage}, no core`,
        worker.startedAt,
        worker.state ? String(worker.state.requestsUnderWay) : 'does not answer',
        worker.state ? String(worker.state.webSockets) : '',
      ]),
    ),
    '',
    ...Object.entries(listeners).map(([face, address]) => `  ${face.padEnd(9)} ${address}`),
    `  ${config.file}, read ${config.readAt}`,
    ...(config.problem ? [`  NOT IN FORCE AS IT STANDS: ${config.problem}`] : []),
    ...(drainedCores.length > 0 ? [`  drained: ${drainedCores.join(', ')}`] : []),
  ].join('\n')
}

function coresTable(found: readonly CoreSeen[]): string {
  return table(
    ['core', 'address', 'workers see it', 'under way', 'slowness', 'closed to'],
    found.map((core) => [
      core.name,
      core.address,
      core.drained
        ? 'drained'
        : Object.entries(core.standings)
            .map(([its, count]) => `${its} ${count}`)
            .join(', '),
      String(core.inFlight),
      core.slowness.toFixed(2),
      core.openBreakers.join(', ') || '-',
    ]),
  ).join('\n')
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  return [head, ...rows].map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] as number)).join('  ')}`.trimEnd(),
  )
}
