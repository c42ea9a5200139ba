import { prepare, runPinned } from './prepare.js'

prepare({ forTests: true, forConformance: true })
process.exit(runPinned(['--disable-warning=ExperimentalWarning', 'test/conformance/run.ts', ...process.argv.slice(2)]))
