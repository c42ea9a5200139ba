import { prepare, runPinned } from './prepare.js'

prepare({ forTests: true })
const tsc = ['node_modules/typescript/bin/tsc', '--noEmit', '-p']
const checks = [
  ['types', [...tsc, '.'], [...tsc, 'test/load']], // a k6 script knows neither Node nor the browser
  ['style', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  ['unused', ['node_modules/knip/bin/knip.js']],
  ['architecture', ['node_modules/vitest/vitest.mjs', 'run', 'test/architecture.test.ts']],
]
let failed = 0
for (const [name, ...commands] of checks) {
  process.stdout.write(`\n— ${name}\n`)
  if (!commands.every((args) => runPinned(args) === 0)) failed++
}
process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`)
process.exit(failed > 0 ? 1 : 0)
