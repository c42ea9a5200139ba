import { prepare, runPinned } from './prepare.js'

prepare({ forTests: true, forRivals: process.argv[2] === 'edge' })
process.exit(runPinned(['--disable-warning=ExperimentalWarning', 'test/bench/bench.ts', ...process.argv.slice(2)]))
