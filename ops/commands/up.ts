import { Command } from 'commander'
import { Listr, PRESET_TIMER } from 'listr2'
import { type Card, type Step, startAppliance } from '../appliance.ts'

/** `countroom up`: the whole appliance in the foreground, until Ctrl-C. */
export function upCommand(): Command {
  return new Command('up')
    .description('start everything and stay; Ctrl-C drains and stops')
    .option('--free-ports', 'take any free ports instead of the configured ones')
    .action(async (options: { freePorts?: boolean }) => {
      const began = performance.now()
      const asked = stopAsked()
      const starting = startAppliance({
        step: showStep,
        say: (line) => process.stdout.write(`${line}\n`),
        freePorts: options.freePorts === true,
      })
      const appliance = await starting
      process.stdout.write(printCard(appliance.card(), (performance.now() - began) / 1000))
      await asked
      process.stdout.write('\nDraining and stopping …\n')
      await appliance.stop()
      process.stdout.write('Stopped. The next start has all data.\n')
      process.exit(0)
    })
}

export function printCard(card: Card, seconds: number): string {
  const { urls } = card
  const lines: Array<[string, string]> = [
    ['Lobby', urls.lobby],
    ['Operator', urls.operator],
    ...(urls.enrolment ? ([['  enrol first', `${urls.enrolment}  (works once)`]] as Array<[string, string]>) : []),
    ['Sandbox inbox', urls.inbox],
    ['Data', card.home],
    ['Logs', `${card.home}/log  (npx countroom logs -f)`],
    ['Trust this CA', card.ca],
    ['Examine', 'npx countroom status | doctor | verify'],
    ['Stop', `Ctrl-C, or kill ${card.supervisor}`],
  ]
  const body = lines.map(([name, value]) => `  ${name.padEnd(15)}${value}`).join('\n')
  return `\n  Countroom runs (${seconds.toFixed(1)} s)\n\n${body}\n\n`
}

/** A step as a line with its progress and time; on a pipe, plain lines. */
const showStep: Step = async <T>(title: string, work: (tell: (word: string) => void) => Promise<T>): Promise<T> => {
  let result: { value: T } | undefined
  await new Listr(
    [
      {
        title,
        task: async (_context, task) => {
          result = {
            value: await work((word) => {
              task.title = `${title}: ${word}`
            }),
          }
        },
      },
    ],
    {
      renderer: process.stdout.isTTY ? 'default' : 'simple',
      fallbackRenderer: 'simple',
      rendererOptions: { timer: PRESET_TIMER },
      registerSignalListeners: false,
    },
  ).run()
  if (!result) throw new Error(`the step "${title}" ended without a result`)
  return result.value
}

/** The first signal asks to stop; later ones, such as npm's copy of Ctrl-C, change nothing. */
function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
  })
}
