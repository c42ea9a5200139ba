import { Command } from 'commander'
import { exitCodeOf, tell } from './appliance/trouble.ts'
import { commands } from './commands/all.ts'
import { endsInOrder } from './commands/asked.ts'

/** The operator's one command. Loads only what is asked for: `status` need not wait for what `up` wants. */
const program = new Command('countroom')
  .description('Runs and examines an appliance. Its data are in COUNTROOM_HOME.')
  .showHelpAfterError()
const asked = process.argv[2] ?? ''
// Whoever reads on (`| head`) has enough, and a terminal may be gone; only what has to be ended in order goes on without a reader.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    if (!endsInOrder()) process.exit()
  })
const wanted = Object.entries(commands).filter(([name]) => name === asked)
try {
  for (const [, load] of wanted.length > 0 ? wanted : Object.entries(commands)) program.addCommand(await load())
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`\n${tell(error)}\n`)
  process.exit(exitCodeOf(error))
}
