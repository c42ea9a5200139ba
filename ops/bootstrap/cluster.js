import { prepare, runPinned } from './prepare.js'

prepare({ forTests: true })
process.exit(runPinned(['--disable-warning=ExperimentalWarning', 'test/lab/cluster.ts', ...process.argv.slice(2)]))
