import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import type { Home } from '../appliance/home.ts'
import { knownHome } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'
import { sitesOf } from '../failover/members.ts'

/** `countroom logs`: the end of the logs, of one process or all; `-f` goes on. */
export function logsCommand(): Command {
  return new Command('logs')
    .description('show the logs, of one process or of all')
    .argument('[name]', 'core-1, core-2, work-1, edge, keys, sandbox, postgres, redis')
    .option('-f, --follow', 'go on as lines come')
    .option('-n, --lines <count>', 'how many lines of each', count, '20')
    .action(async (name: string | undefined, options: { follow?: boolean; lines: string }) => {
      const home = knownHome()
      const files = home.has('log') ? readdirSync(home.path('log')).filter((file) => file.endsWith('.log')) : []
      const wanted = files
        .filter((file) => name === undefined || file === `${name === 'postgres' ? postgresOf(home) : name}.log`)
        .map((file) => home.path('log', file))
      if (wanted.length === 0)
        throw new Trouble(
          name ? `There is no log of "${name}" in ${home.path('log')}.` : `There are no logs in ${home.path('log')}.`,
          {
            setting: 'COUNTROOM_HOME',
            remedy:
              files.length > 0
                ? `npx countroom logs ${files.map((file) => file.slice(0, -4)).join(' | ')}`
                : 'npm start',
          },
        )
      const tail = spawn('tail', ['-n', options.lines, ...(options.follow ? ['-F'] : []), ...wanted], {
        stdio: 'inherit',
      })
      process.exitCode = await new Promise((resolve) => tail.once('exit', (code) => resolve(code ?? 1)))
    })
}

/** In a cluster Patroni runs PostgreSQL, and both speak into one log. */
function postgresOf(home: Home): string {
  return sitesOf(home) ? 'patroni' : 'postgres'
}

function count(text: string): string {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It is a whole number of lines.')
  return text
}
