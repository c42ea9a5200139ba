import { createReadStream } from 'node:fs'
import { Command } from 'commander'
import { BreachLinesRefused, openBreachFile, writeBreachFile } from '../../core/host/breach-file.ts'
import { isInstalled } from '../appliance/home.ts'
import { makeFolder } from '../appliance/ownership.ts'
import { knownHome } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'
import { print } from './print.ts'

const place = 'passwords/breached'

/** `countroom passwords`: the operator's list of stolen passwords; exit code 0 when done. */
export function passwordsCommand(): Command {
  const passwords = new Command('passwords').description('the list of stolen passwords that nobody may choose')
  passwords
    .command('import')
    .argument('<file>', 'lines "<SHA-1 in hex>:<count>" in the order of the hashes; - for standard input')
    .option('--count-min <n>', 'only those seen so many times', '1')
    .option('--json', 'for machines')
    .description('replace the list; the cores take it up within a minute, nothing restarts')
    .action(async (file: string, { countMin, json }: { countMin: string; json?: boolean }) => {
      const home = knownHome()
      if (!isInstalled(home))
        throw new Trouble(`There is no appliance in ${home.dir}.`, {
          setting: 'COUNTROOM_HOME (where the data live)',
          remedy: 'npm start, once',
        })
      const min = Number(countMin)
      if (!Number.isInteger(min) || min < 1)
        throw new Trouble(`--count-min is "${countMin}", which is not a number from 1 on.`, {
          setting: '--count-min',
          remedy: '--count-min 1',
        })
      makeFolder(home.path('passwords'), 0o755)
      const input = file === '-' ? process.stdin : createReadStream(file)
      const count = await writeBreachFile(home.path(place), input as AsyncIterable<Buffer>, min).catch(
        (error: NodeJS.ErrnoException) => {
          throw troubleWith(file, error)
        },
      )
      const path = home.path(place)
      print(json, { count, path }, `${count} stolen passwords are refused from now on: ${path}\n`)
    })
  passwords
    .command('status')
    .description('how many there are')
    .option('--json', 'for machines')
    .action(({ json }: { json?: boolean }) => {
      const home = knownHome()
      const list = home.has(place) ? openBreachFile(home.path(place)) : undefined
      print(
        json,
        { count: list?.count ?? 0 },
        list ? `${list.count} stolen passwords are refused.\n` : 'There is no list; the common ones are refused.\n',
      )
      list?.close()
    })
  return passwords
}

/** Why a file was not taken, and what would help; the list of before stays. */
function troubleWith(file: string, error: NodeJS.ErrnoException): Error {
  if (error instanceof BreachLinesRefused)
    return new Trouble(`The list was not taken: ${error.message}.`, {
      setting: file,
      remedy: error.sorting
        ? `LC_ALL=C sort -u ${file} > sorted, then countroom passwords import sorted`
        : 'a file with the SHA-1 of one password a line, as downloaders of Pwned Passwords write it',
    })
  if (['ENOENT', 'EISDIR', 'EACCES'].includes(error.code ?? ''))
    return new Trouble(`${file} is no file that can be read.`, { setting: file, remedy: `ls -ld ${file}` })
  return error
}
