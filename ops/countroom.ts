import { Command } from 'commander'
import { exitCodeOf, tell } from './appliance/trouble.ts'
import { endsInOrder } from './commands/asked.ts'

const commands = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  cluster: async () => (await import('./commands/cluster.ts')).clusterCommand(),
  switchover: async () => (await import('./commands/switchover.ts')).switchoverCommand(),
  failover: async () => (await import('./commands/failover.ts')).failoverCommand(),
  edge: async () => (await import('./commands/edge.ts')).edgeCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  check: async () => (await import('./commands/check.ts')).checkCommand(),
  monitoring: async () => (await import('./commands/monitoring.ts')).monitoringCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
  witness: async () => (await import('./commands/witness.ts')).witnessCommand(),
  verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  ledger: async () => (await import('./commands/ledger.ts')).ledgerCommand(),
  manifest: async () => (await import('./commands/manifest.ts')).manifestCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  backup: async () => (await import('./commands/backup.ts')).backupCommand(),
  restore: async () => (await import('./commands/restore.ts')).restoreCommand(),
  drill: async () => (await import('./commands/drill.ts')).drillCommand(),
  access: async () => (await import('./commands/access.ts')).accessCommand(),
  staff: async () => (await import('./commands/staff.ts')).staffCommand(),
  pki: async () => (await import('./commands/pki.ts')).pkiCommand(),
  passwords: async () => (await import('./commands/passwords.ts')).passwordsCommand(),
  rng: async () => (await import('./commands/rng.ts')).rngCommand(),
  logs: async () => (await import('./commands/logs.ts')).logsCommand(),
  report: async () => (await import('./commands/report.ts')).reportCommand(),
  'support-bundle': async () => (await import('./commands/support-bundle.ts')).supportBundleCommand(),
  reset: async () => (await import('./commands/reset.ts')).resetCommand(),
}

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
