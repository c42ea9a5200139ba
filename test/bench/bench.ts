import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark, Report } from './benchmark.ts'

/**
 * `npm run bench` lists the benchmarks; `npm run bench -- <name>` runs one. `--json` prints the report as the last line,
 * `--check` exits 1 when a bar is missed, `--seconds N` shortens each measurement, `--rounds N` says how often it is repeated where contestants take turns. `--only PART` leaves out the rest, where a benchmark has parts. `--gb N` says how much data it makes, where it makes some, and `--kept DIR` where they stay for the next time. `--large` adds what takes long and much
 * disk; `--pgledger DIR` and `--tbperf DIR` add those projects, from a checkout of theirs.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    check: { type: 'boolean' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string' },
    gb: { type: 'string' },
    kept: { type: 'string' },
    // Of the ledger's benchmark:
    large: { type: 'boolean' },
    pgledger: { type: 'string' },
    tbperf: { type: 'string' },
  },
})

const roundsUsual = 7

const benchmarks = await load()
const name = positionals[0]
if (name === undefined) list(benchmarks)
else await run(name)

async function load(): Promise<Map<string, Benchmark>> {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.bench.ts'))
  const modules = await Promise.all(
    files.map((file) => import(join(import.meta.dirname, file)) as Promise<{ default: Benchmark }>),
  )
  return new Map(modules.map((module) => [module.default.name, module.default]))
}

function list(all: Map<string, Benchmark>): void {
  console.log('Benchmarks (npm run bench -- <name> [--seconds N] [--json] [--check]):\n')
  for (const benchmark of all.values()) console.log(`  ${benchmark.name.padEnd(10)} ${benchmark.summary}`)
}

async function run(wanted: string): Promise<void> {
  const benchmark = benchmarks.get(wanted)
  if (!benchmark) {
    console.error(`There is no benchmark "${wanted}"; npm run bench lists them.`)
    process.exit(2)
  }
  const seconds = Number(values.seconds ?? benchmark.seconds)
  if (!(seconds > 0)) {
    console.error('--seconds takes a number above zero.')
    process.exit(2)
  }
  const rounds = Number(values.rounds ?? benchmark.rounds ?? roundsUsual)
  if (!(Number.isInteger(rounds) && rounds > 0)) {
    console.error('--rounds takes a whole number above zero.')
    process.exit(2)
  }
  if (values.only !== undefined && !benchmark.parts?.includes(values.only)) {
    console.error(['--only takes one of these, and nothing else:', ...(benchmark.parts ?? [])].join('\n  '))
    process.exit(2)
  }
  const { large = false, pgledger, tbperf } = values
  const rivals = { ...(pgledger ? { pgledger } : {}), ...(tbperf ? { tbperf } : {}) }
  const report = await benchmark.run({
    seconds,
    rounds,
    say: (line) => console.error(line),
    large,
    rivals,
    only: values.only,
    gigabytes: values.gb === undefined ? undefined : Number(values.gb),
    kept: values.kept,
  })
  const figures = report.figures.map((figure) => ({
    ...figure,
    met: figure.bar === undefined ? undefined : meets(figure),
  }))
  print(report, figures)
  if (values.json) console.log(JSON.stringify({ name: wanted, conditions: report.conditions, figures }))
  process.exit(values.check && figures.some((figure) => figure.met === false) ? 1 : 0)
}

function meets(figure: Report['figures'][number]): boolean {
  return figure.bar?.startsWith('<=')
    ? figure.value <= Number(figure.bar.slice(2))
    : figure.value >= Number(figure.bar?.slice(2))
}

function print(report: Report, figures: Array<Report['figures'][number] & { met: boolean | undefined }>): void {
  for (const [condition, value] of Object.entries(report.conditions)) console.log(`${condition.padEnd(28)} ${value}`)
  console.log()
  const width = Math.max(...figures.map((figure) => figure.name.length))
  for (const { name, value, unit, spread, bar, aim, met, failed } of figures) {
    if (failed !== undefined) {
      console.log(
        `${name.padEnd(width)}  ${'failed'.padStart(10)} ${failed}${met === false ? `   bar ${bar}  MISSED` : ''}`,
      )
      continue
    }
    const between = spread ? ` (${spread.map(shown).join(' to ')})` : ''
    const aimed = aim === undefined ? '' : `, aim ${aim}`
    const verdict = met === undefined ? aimed.replace(', ', '   ') : `   bar ${bar}${aimed}  ${met ? 'met' : 'MISSED'}`
    console.log(`${name.padEnd(width)}  ${shown(value).padStart(10)} ${`${unit}${between}`.padEnd(12)}${verdict}`)
  }
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
