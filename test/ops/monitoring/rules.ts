import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectDefaultMetrics, Registry } from 'prom-client'

/** The rule files as they stand, and which metrics there are for them. */
export const root = join(import.meta.dirname, '../../..')
const folder = join(root, 'ops/monitoring/alerts')

export const ruleFiles = readdirSync(folder).map((file) => join(folder, file))

type Rule = { file: string; name: string; isAlert: boolean; expr: string; text: string }

export const rules: Rule[] = ruleFiles.flatMap((file) =>
  readFileSync(file, 'utf8')
    .split(/^ {6}- /m)
    .slice(1)
    .map((text) => {
      const [, kind, name] = /^(alert|record): (\S+)/.exec(text)!
      const expr = /^ {8}expr: (?:>\n([\s\S]*?)|(.*)\n) {8}\w/m.exec(text)!
      return { file, name: name!, isAlert: kind === 'alert', expr: expr[1] ?? expr[2]!, text }
    }),
)
export const alerts = rules.filter((rule) => rule.isAlert)

const words = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool', 'offset'])

/** The names of metrics in an expression of PromQL. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring) ?\([^)]*\)/g, '')
  return [...bare.matchAll(/(?<![\w.$])([a-z_][\w:]*)(?!\w* *\()/g)]
    .map(([, name]) => name!)
    .filter((name) => !words.has(name))
}

/** What cores, workers, edge and key agent export, read off their sources, with what comes of itself. */
export function exportedMetrics(): Set<string> {
  const names = ['core', 'edge'].flatMap((part) =>
    readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(root, part, file), 'utf8'))
      .filter((text) => text.includes("from 'prom-client'"))
      .flatMap(namesIn),
  )
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const usual = registry.getMetricsAsArray().flatMap(({ name }) => name)
  registry.clear()
  return new Set([
    ...names,
    ...usual,
    ...patroni(),
    ...Object.values(toldByExporters()).flat(),
    'up',
    ...rules.filter(({ isAlert }) => !isAlert).map(({ name }) => name),
  ])
}

/** What Debian's exporters were heard to tell; `exporters.test.ts` listens again to what is asked for. */
function toldByExporters(): Record<string, string[]> {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'exporters.json'), 'utf8'))
}

/** What Debian's Patroni says of itself, by its own source. */
function patroni(): string[] {
  const source = readFileSync('/usr/lib/python3/dist-packages/patroni/api.py', 'utf8')
  return [...source.matchAll(/# HELP (patroni_\w+)/g)].map(([, name]) => name!)
}

function namesIn(text: string): string[] {
  const histograms = [...text.matchAll(/new Histogram\(\{\s*name: '(countroom_\w+)'/g)].map(([, name]) => name!)
  const all = [...text.matchAll(/'(countroom_\w+)'/g)].map(([, name]) => name!)
  return [
    ...all.filter((name) => !histograms.includes(name)),
    ...histograms.flatMap((name) => ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`)),
  ]
}
