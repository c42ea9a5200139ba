import { parseArgs } from 'node:util'
import { conformRandomness } from './rng.ts'

/**
 * `npm run conformance -- rng`: whether the generator of outcomes stands the tests of laboratories, with a fresh seed. `--outcomes N` per sequence of
 * final outcomes, `--megabytes N` of raw output for the batteries, `--dieharder all` for every test of dieharder (an hour and more) instead of some.
 * Exit code 1 where one fails.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    outcomes: { type: 'string', default: '200000' },
    megabytes: { type: 'string', default: '64' },
    dieharder: { type: 'string', default: 'some' },
  },
})
if (positionals[0] !== 'rng') {
  console.error('Conformance runs: npm run conformance -- rng [--outcomes N] [--megabytes N] [--dieharder all]')
  process.exit(2)
}
const passed = await conformRandomness({
  outcomes: count('outcomes', values.outcomes),
  megabytes: count('megabytes', values.megabytes),
  dieharder: values.dieharder === 'all' ? 'all' : 'some',
})
process.exit(passed ? 0 : 1)

function count(name: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  console.error(`--${name} takes a whole number above zero.`)
  process.exit(2)
}
