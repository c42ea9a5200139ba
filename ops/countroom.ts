import { Command } from 'commander'
import { exitCodeOf, tell } from './appliance/trouble.ts'
import { doctorCommand } from './commands/doctor.ts'
import { logsCommand } from './commands/logs.ts'
import { resetCommand } from './commands/reset.ts'
import { statusCommand } from './commands/status.ts'
import { upCommand } from './commands/up.ts'
import { verifyCommand } from './commands/verify.ts'

/** The operator's one command. */
const program = new Command('countroom')
  .description('Runs and examines an appliance. Its data are in COUNTROOM_HOME.')
  .showHelpAfterError()
  .addCommand(upCommand())
  .addCommand(statusCommand())
  .addCommand(doctorCommand())
  .addCommand(verifyCommand())
  .addCommand(logsCommand())
  .addCommand(resetCommand())

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`\n${tell(error)}\n`)
  process.exit(exitCodeOf(error))
}
