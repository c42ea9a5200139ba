import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { objectives, renderObjectives } from '../../../ops/monitoring/objectives.ts'
import { cases, objectiveSeries } from './cases.ts'
import { alerts, exportedMetrics, metricsIn, root, ruleFiles, rules } from './rules.ts'

/** The alerts, by Debian's promtool: each rings when it should and not otherwise, asks for what there is, and leads to its page. */
const dir = mkdtempSync(join(tmpdir(), 'cr-rules-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('promtool takes every rule file', () => {
  execFileSync('promtool', ['check', 'rules', ...ruleFiles], { stdio: 'pipe' })
})

test('objectives.yml is what its code makes', () => {
  expect(readFileSync(join(root, 'ops/monitoring/alerts/objectives.yml'), 'utf8')).toBe(renderObjectives())
})

test('every metric that a rule names is exported', () => {
  const exported = exportedMetrics()
  const asked = rules.flatMap(({ name, expr }) => metricsIn(expr).map((metric) => `${name}: ${metric}`))
  expect(asked.length).toBeGreaterThan(rules.length - 10)
  expect(asked.filter((each) => !exported.has(each.split(': ')[1]!))).toEqual([])
})

test('every alert says how loud it is, and its runbook has the section it names', () => {
  const headings = (file: string) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, words]) => slug(words!))
  for (const { name, text } of alerts) {
    expect(text, name).toMatch(/severity: (page|ticket|watchdog)/)
    const [, file, anchor] = /runbook: (ops\/runbooks\/[\w-]+\.md)(?:#(\S+))?$/m.exec(text) ?? []
    expect(file, name).toBeDefined()
    const found = headings(file!)
    if (anchor) expect(found, name).toContain(anchor)
  }
})

const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-')

/** By whom: what an operator is asked at three in the morning is who notices. Either the page says it for all of it, or the section for itself. */
test('every section that an alert leads to says what players see, or its page does', () => {
  const places = new Set(alerts.map(({ text }) => /runbook: (\S+)/.exec(text)![1]!))
  const silent = [...places].filter((place) => {
    const [file = '', anchor] = place.split('#')
    const page = readFileSync(join(root, file), 'utf8')
    const [head = '', ...sections] = page.split(/^(?=## )/m)
    const section = sections.find((each) => anchor && slug(/^## (.+)$/m.exec(each)![1]!) === anchor)
    return ![head, section ?? page].some((text) => /\bplayers?\b|\bnobody (plays|signs in|is served)\b/i.test(text))
  })
  expect(silent).toEqual([])
})

test('[GLI-B.3.5] every alert rings for what it is made for, and not otherwise', () => {
  const burning = objectives.flatMap(({ alert }) => [`${alert}BurnsFast`, `${alert}BurnsSlow`])
  expect([...Object.keys(cases), ...burning].sort()).toEqual(alerts.map(({ name }) => name).sort())
  prove(
    Object.entries(cases).flatMap(([alert, { fires, silent, at, every = '1m' }]) => [
      ringing({ alerts: [alert], ringing: [alert], series: fires, at, every }),
      ...(silent ? [silent].flat() : []).map((series) => ringing({ alerts: [alert], ringing: [], series, at, every })),
    ]),
  )
}, 210_000)

test('a promise that is broken fast pages within two hours, slowly it makes a ticket, and kept it is silent', () => {
  const burning = (burn: number, paces: string[]): Proof => {
    const series = objectives.flatMap(({ alert, target }) =>
      Object.entries(objectiveSeries[alert]!(Math.round(burn * (1 - target) * 100_000))),
    )
    return ringing({
      alerts: objectives.flatMap(({ alert }) => ['Fast', 'Slow'].map((pace) => `${alert}Burns${pace}`)),
      ringing: objectives.flatMap(({ alert }) => paces.map((pace) => `${alert}Burns${pace}`)),
      series: Object.fromEntries(series),
      at: '2h',
      every: '1m',
      pace: '10m',
    })
  }
  prove([burning(20, ['Fast', 'Slow']), burning(4, ['Slow']), burning(0.5, []), burning(0, [])])
}, 210_000)

test('an alarm says in words what it is about', () => {
  const { file } = alerts.find(({ name }) => name === 'ProcessNotScraped')!
  const test = {
    interval: '1m',
    input_series: [{ series: 'up{component="core-1",instance="10.0.0.1:9141"}', values: '0x10' }],
    alert_rule_test: [
      {
        eval_time: '5m',
        alertname: 'ProcessNotScraped',
        exp_alerts: [
          {
            exp_labels: { severity: 'page', component: 'core-1', instance: '10.0.0.1:9141' },
            exp_annotations: {
              summary: 'core-1 tells nothing',
              description:
                '10.0.0.1:9141 has not given its metrics for two minutes: it is down, hangs, or the certificate of the scraper is not let in.',
              runbook: 'ops/runbooks/service.md#not-scraped',
            },
          },
        ],
      },
    ],
  }
  prove([{ file, pace: '1m', test }])
})

/** `every`: how often a series tells something; `pace`: how often the rules are looked at. */
type Ringing = {
  alerts: string[]
  ringing: string[]
  series: Record<string, string>
  at: string
  every: string
  pace?: string
}
type Proof = { file: string; pace: string; test: object }

function ringing({ alerts: of, ringing: loud, series, at, every, pace }: Ringing): Proof {
  const { file } = alerts.find(({ name }) => name === of[0])!
  const test = {
    interval: every,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: of.map((alert) => ({
      expr: `count by (alertname) (ALERTS{alertname="${alert}",alertstate="firing"})`,
      eval_time: at,
      exp_samples: loud.includes(alert) ? [{ labels: `{alertname="${alert}"}`, value: 1 }] : [],
    })),
  }
  return { file, pace: pace ?? (every === '5m' ? '30m' : every), test }
}

/** All of them in one run of promtool, those of one rule file and pace together; it says which failed. */
function prove(proofs: Proof[]): void {
  const together = Map.groupBy(proofs, ({ file, pace }) => `${file} ${pace}`)
  const files = [...together.values()].map((of, number) => {
    const path = join(dir, `${number}.yml`) // JSON is YAML
    const [{ file, pace }] = of as [Proof]
    writeFileSync(
      path,
      JSON.stringify({ rule_files: [file], evaluation_interval: pace, tests: of.map(({ test }) => test) }),
    )
    return path
  })
  execFileSync('promtool', ['test', 'rules', ...files], { stdio: 'pipe', timeout: 200_000 })
}
