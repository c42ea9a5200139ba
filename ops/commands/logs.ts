import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { Command } from 'commander'
import { homeDirectory, viewHome } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'

/** `countroom logs`: the end of the logs, of one process or all; `-f` goes on. */
export function logsCommand(): Command {
  return new Command('logs')
    .description('show the logs, of one process or of all')
    .argument('[name]', 'core-1, core-2, work-1, edge, keys, sandbox, postgres, redis')
    .option('-f, --follow', 'go on as lines come')
    .option('-n, --lines <count>', 'how many lines of each', '20')
    .action(async (name: string | undefined, options: { follow?: boolean; lines: string }) => {
      const home = viewHome(homeDirectory())
      const files = home.has('log') ? readdirSync(home.path('log')).filter((file) => file.endsWith('.log')) : []
      const wanted = files
        .filter((file) => name === undefined || file === `${name}.log`)
        .map((file) => home.path('log', file))
      if (wanted.length === 0)
        throw new Trouble(
          name ? `There is no log of "${name}" in ${home.path('log')}.` : `There are no logs in ${home.path('log')}.`,
          {
            setting: 'COUNTROOM_HOME',
            remedy:
              files.length > 0 ? `countroom logs ${files.map((file) => file.slice(0, -4)).join(' | ')}` : 'npm start',
          },
        )
      const tail = spawn('tail', ['-n', options.lines, ...(options.follow ? ['-F'] : []), ...wanted], {
        stdio: 'inherit',
      })
      await new Promise((resolve) => tail.once('exit', resolve))
    })
}
