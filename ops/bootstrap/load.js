import { prepare, runPinned } from './prepare.js'

prepare()
process.exit(runPinned(['--disable-warning=ExperimentalWarning', 'test/load/run.ts', ...process.argv.slice(2)]))
