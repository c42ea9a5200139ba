import { createReadStream } from 'node:fs'
import { Command } from 'commander'
import { BreachLinesRefused, openBreachFile, writeBreachFile } from '../../core/host/breach-file.ts'
import { makeFolder } from '../appliance/ownership.ts'
import { knownHome } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'

const place = 'passwords/breached'

/** `countroom passwords`: the operator's list of stolen passwords; exit code 0 when done. */
export function passwordsCommand(): Command {
  const passwords = new Command('passwords').description('the list of stolen passwords that nobody may choose')
  passwords
    .command('import')
    .argument('<file>', 'lines "<SHA-1 in hex>:<count>" in the order of the hashes; - for standard input')
    .option('--count-min <n>', 'only those seen so many times', '1')
    .description('replace the list; the cores take it up within a minute, nothing restarts')
    .action(async (file: string, { countMin }: { countMin: string }) => {
      const home = knownHome()
      makeFolder(home.path('passwords'), 0o755)
      const min = Number(countMin)
      if (!Number.isInteger(min) || min < 1)
        throw new Trouble(`--count-min is "${countMin}", which is not a number from 1 on.`, {
          setting: '--count-min',
          remedy: '--count-min 1',
        })
      const input = file === '-' ? process.stdin : createReadStream(file)
      const count = await writeBreachFile(home.path(place), input as AsyncIterable<Buffer>, min).catch(
        (error: NodeJS.ErrnoException) => {
          if (error instanceof BreachLinesRefused)
            throw new Trouble(`The list was not taken: ${error.message}.`, {
              setting: file,
              remedy: `LC_ALL=C sort -u ${file} > sorted, then countroom passwords import sorted`,
            })
          if (error.code === 'ENOENT')
            throw new Trouble(`There is no file ${file}.`, { setting: file, remedy: `ls -l ${file}` })
          throw error
        },
      )
      process.stdout.write(`${count} stolen passwords are refused from now on: ${home.path(place)}\n`)
    })
  passwords
    .command('status')
    .description('how many there are')
    .action(() => {
      const home = knownHome()
      const list = home.has(place) ? openBreachFile(home.path(place)) : undefined
      process.stdout.write(
        list ? `${list.count} stolen passwords are refused.\n` : 'There is no list; the common ones are refused.\n',
      )
      list?.close()
    })
  return passwords
}
