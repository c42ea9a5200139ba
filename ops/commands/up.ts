import { Command } from 'commander'
import { Listr, PRESET_TIMER } from 'listr2'
import { askPinHere } from '../appliance/pin.ts'
import { interruptedExitCode } from '../appliance/trouble.ts'
import { type Card, type Step, startAppliance } from '../appliance.ts'
import { stopAsked } from './asked.ts'

/** `countroom up`: the whole appliance in the foreground, until Ctrl-C. */
export function upCommand(): Command {
  return new Command('up')
    .description('start everything and stay; Ctrl-C drains and stops')
    .option('--free-ports', 'take any free ports instead of the configured ones')
    .option('--approve-program', 'after an upgrade: the program as it stands now is the approved one')
    .option('--first-site-leads', 'you know that the second site, which does not answer, was not promoted')
    .action(async (options: { freePorts?: boolean; approveProgram?: boolean; firstSiteLeads?: boolean }) => {
      const began = performance.now()
      const asked = stopAsked()
      const appliance = await startAppliance({
        step: showStep,
        say: (line) => process.stdout.write(`${line}\n`),
        freePorts: options.freePorts === true,
        approveProgram: options.approveProgram === true,
        firstSiteLeads: options.firstSiteLeads === true,
        askPin: askPinHere,
        signal: asked,
      }).catch((error: unknown) => {
        if (!asked.aborted) throw error
        process.stdout.write('\nStopped before it was up; nothing runs. The next start goes on from here.\n')
        process.exit(interruptedExitCode)
      })
      process.stdout.write(printCard(appliance.card(), (performance.now() - began) / 1000))
      if (!asked.aborted) await new Promise((resolve) => asked.addEventListener('abort', resolve))
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
  let failure: unknown
  await new Listr(
    [
      {
        title,
        task: async (_context, task) => {
          try {
            const value = await work((word) => {
              task.title = `${title}: ${word}`
            })
            result = { value }
          } catch (error) {
            failure = error
            throw new Error('see below') // the message is printed once, whole, at the end
          }
        },
      },
    ],
    {
      renderer: process.stdout.isTTY ? 'default' : 'simple',
      fallbackRenderer: 'simple',
      rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false },
      registerSignalListeners: false,
      exitOnError: false,
    },
  ).run()
  if (!result) throw failure
  return result.value
}
