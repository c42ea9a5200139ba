import { prepare, stayPinned } from './prepare.js'

process.stdout.write('Countroom\n')
prepare()
// Ctrl-C and kill reach the appliance, which drains; this process waits for it.
stayPinned(['up', ...process.argv.slice(2)])
