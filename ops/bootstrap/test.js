import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { prepare, runPinned, scratch } from './prepare.js'

/** More files than these failing at once is no accident of a busy machine. */
const filesAskedAgain = 6

prepare({ forTests: true })
const first = run(process.argv.slice(2))
const suspects = first.files.filter((file) => file.status === 'failed').map(({ name }) => relative(process.cwd(), name))
const asksAgain = process.env.CI === 'true' && suspects.length > 0 && suspects.length <= filesAskedAgain
const second = asksAgain ? run(suspects) : undefined
let { passed, failed } = counted(first)
if (second) {
  const again = counted(second)
  const before = counted({ ...first, status: 0, files: first.files.filter((file) => file.status === 'failed') })
  passed += again.passed - before.passed
  failed += again.failed - before.failed
  for (const file of second.files.filter(({ status }) => status === 'passed'))
    process.stdout.write(`shaky: ${relative(process.cwd(), file.name)} failed at first and passed when it ran alone\n`)
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

function run(args) {
  const report = join(scratch('test'), 'report.json')
  const status = runPinned(
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    // Hundreds of processes load the same packages and commands; only tests do so from a cache, which nobody inspects.
    { NODE_COMPILE_CACHE: scratch('compiled') },
  )
  return { status, files: existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [] }
}

/** A file that broke before its first test counts as one that failed, and so does a run that says nothing but that it failed. */
function counted({ status, files }) {
  const tests = files.flatMap((file) => file.assertionResults)
  const broken = files.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
  const failed = tests.filter((one) => one.status === 'failed').length + broken
  return { passed: tests.filter((one) => one.status === 'passed').length, failed: failed || (status === 0 ? 0 : 1) }
}
