import type { Home } from '../appliance/home.ts'
import { checks } from '../doctor/checks.ts'
import { checksFor, judgeAll, withProbe } from '../doctor/examine.ts'
import type { Finding, Probe } from '../doctor/finding.ts'
import { type Measure, measures } from './measures.ts'
import { type Range, readRange } from './range.ts'

/** In the order of their exit codes. */
export const states = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const
type State = (typeof states)[number]

type Performance = { label: string; value: number; unit: string; warning?: string; critical?: string }
export type Verdict = { name: string; state: State; words: string; performance: Performance[] }
export type Thresholds = { warning?: string | undefined; critical?: string | undefined }

/** What can be asked for: numbers with thresholds, and every check of the doctor. */
export const listed: ReadonlyArray<{ name: string; about: string; warning?: string; critical?: string }> = [
  ...measures.map(({ name, about, warning, critical }) => ({ name, about, warning, critical })),
  ...checks.map(({ id }) => ({ name: id, about: 'as countroom doctor says' })),
]

/**
 * Makes one check. What it stands behind and is not sound is critical too, and named.
 *
 * @throws RangeError for a name or a threshold that is none
 */
export async function check(
  home: Home,
  name: string,
  thresholds: Thresholds = {},
  now: Date = new Date(),
): Promise<Verdict> {
  const measure = measures.find((each) => each.name === name)
  if (measure) {
    const warning = readRange(thresholds.warning ?? measure.warning)
    const critical = readRange(thresholds.critical ?? measure.critical)
    return withProbe(home, now, (probe) => weigh(probe, measure, warning, critical))
  }
  if (!checks.some(({ id }) => id === name))
    throw new RangeError(`there is no check "${name}"; countroom check --list has all`)
  if (thresholds.warning !== undefined || thresholds.critical !== undefined)
    throw new RangeError(`${name} has no number, hence no thresholds`)
  const began = performance.now()
  const findings = await withProbe(home, now, (probe) => judgeAll(probe, checksFor([name])))
  const value = Math.round(performance.now() - began) / 1000
  return { ...verdictOf(name, findings), performance: [{ label: 'time', value, unit: 's' }] }
}

async function weigh(probe: Probe, measure: Measure, warning: Range, critical: Range): Promise<Verdict> {
  const { name, label, unit } = measure
  const fault = (await judgeAll(probe, checksFor(measure.after))).find(({ severity }) => severity === 'broken')
  if (fault) return { name, state: 'CRITICAL', words: `${fault.id}: ${fault.evidence}`, performance: [] }
  try {
    const { value, words } = await measure.look(probe)
    const state = !critical.holds(value) ? 'CRITICAL' : warning.holds(value) ? 'OK' : 'WARNING'
    return { name, state, words, performance: [{ label, value, unit, warning: warning.text, critical: critical.text }] }
  } catch (error) {
    return { name, state: 'CRITICAL', words: (error as Error).message, performance: [] }
  }
}

function verdictOf(name: string, findings: Finding[]): Omit<Verdict, 'performance'> {
  const cause = findings.find(({ severity }) => severity === 'broken')
  const own = findings.find(({ id }) => id === name)
  if (cause) {
    const said = cause.id === name ? cause.evidence : `${cause.id}: ${cause.evidence}`
    return { name, state: 'CRITICAL', words: `${said}${cause.remedy ? `; ${cause.remedy}` : ''}` }
  }
  return { name, state: own?.severity === 'sound' ? 'OK' : 'WARNING', words: own?.evidence ?? 'nothing was found' }
}

/** One line as plugins print it; what would end it early is taken out of words. */
export function lineOf({ name, state, words, performance }: Verdict): string {
  const told = words.replace(/\s+/g, ' ').replaceAll('|', '/')
  const data = performance.map(
    ({ label, value, unit, warning, critical }) =>
      `'${label}'=${value}${unit}${warning === undefined ? '' : `;${warning};${critical}`}`,
  )
  return `COUNTROOM ${name.toUpperCase()} ${state} - ${told}${data.length > 0 ? ` | ${data.join(' ')}` : ''}`
}
