import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, runPinned, scratch } from './prepare.js'

prepare({ forTests: true })
const report = join(scratch('test'), 'report.json')
const status = runPinned(
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  // Hundreds of processes load the same packages and commands; only tests do so from a cache, which nobody inspects.
  { NODE_COMPILE_CACHE: scratch('compiled') },
)
const {
  numPassedTests = 0,
  numFailedTests = 0,
  numFailedTestSuites = 0,
  testResults = [],
} = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {}
const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
const failed = numFailedTests + broken || (status === 0 ? 0 : Math.max(1, numFailedTestSuites))
process.stdout.write(`${numPassedTests} passed, ${failed} failed\n`)
process.exit(failed > 0 || numPassedTests === 0 ? 1 : 0)
