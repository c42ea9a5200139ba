import { Command } from 'commander'
import { knownHome } from '../appliance/running.ts'
import { check, lineOf, listed, states, type Thresholds, type Verdict } from '../check/check.ts'

type Options = Thresholds & { timeout: string; list?: boolean; json?: boolean }

const unknown = 3

/** `countroom check <name>`: a plugin for Nagios, Icinga and their like. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'one check as a plugin of Nagios: 0 ok, 1 warning, 2 critical, 3 unknown; one line with performance data',
    )
    .argument('[name]', 'what to look at; --list has all')
    .option('-w, --warning <range>', 'warn outside: 10, 10:, ~:10, 10:20, @10:20')
    .option('-c, --critical <range>', 'critical outside')
    .option('-t, --timeout <seconds>', 'critical when nothing is known by then', '10')
    .option('--list', 'every name, what it watches, its thresholds')
    .option('--json', 'for machines; the same exit codes')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : unknown))
    .action(async (name: string | undefined, { timeout, list, json, ...thresholds }: Options) => {
      if (list || name === undefined) {
        process.stdout.write(json ? `${JSON.stringify({ checks: listed })}\n` : listing())
        process.exitCode = list ? 0 : unknown
        return
      }
      const verdict = await inTime(name, timeout, thresholds)
      process.stdout.write(`${json ? JSON.stringify(verdict) : lineOf(verdict)}\n`, () =>
        process.exit(states.indexOf(verdict.state)),
      )
    })
}

/** Never throws: a plugin that fails says so in its line. */
async function inTime(name: string, timeout: string, thresholds: Thresholds): Promise<Verdict> {
  const says = (state: Verdict['state'], words: string): Verdict => ({ name, state, words, performance: [] })
  const secondsMax = Number(timeout)
  if (!(secondsMax > 0 && secondsMax <= 600)) return says('UNKNOWN', 'the timeout is a number of seconds, 600 at most')
  const late = new Promise<Verdict>((resolve) => {
    setTimeout(() => resolve(says('CRITICAL', `nothing is known after ${timeout} s`)), secondsMax * 1000)
  })
  try {
    return await Promise.race([check(knownHome(), name, thresholds), late])
  } catch (error) {
    return says('UNKNOWN', (error as Error).message)
  }
}

function listing(): string {
  const rows = listed.map(({ name, about, warning, critical }) => {
    const bounds = warning === undefined ? '' : `  (-w ${warning} -c ${critical})`
    return `  ${name.padEnd(20)} ${about}${bounds}\n`
  })
  return `\n${rows.join('')}\n`
}
