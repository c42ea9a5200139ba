import { prepare, runPinned } from './prepare.js'

process.on('SIGINT', () => {}) // Ctrl-C reaches the appliance itself, which drains; this process waits for it
process.stdout.write('Countroom\n')
prepare()
process.exit(runPinned(['--disable-warning=ExperimentalWarning', 'ops/countroom.ts', 'up', ...process.argv.slice(2)]))
