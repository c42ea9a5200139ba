import uPlot from 'uplot'
import { get } from './api.ts'
import { attended } from './attendance.ts'

type Curve = Array<number | null>
type Curves = {
  at: number[]
  betsPerSecond: Curve
  betP50: Curve
  betP99: Curve
  faultsPerSecond: Curve
  depositsPerSecond: Curve
  settlementP99: Curve
}
type Line = { label: string; stroke: string; of: (curves: Curves) => Curve }

const lookMs = 10_000
const milliseconds = (curve: Curve) => curve.map((value) => (value === null ? null : value * 1000))
const lines: Record<string, Line[]> = {
  bets: [{ label: 'bets/s', stroke: '#1d5c46', of: ({ betsPerSecond }) => betsPerSecond }],
  latency: [
    { label: 'half', stroke: '#1d5c46', of: ({ betP50 }) => milliseconds(betP50) },
    { label: '99 of 100', stroke: '#a3541c', of: ({ betP99 }) => milliseconds(betP99) },
  ],
  deposits: [{ label: 'deposits/s', stroke: '#1d5c46', of: ({ depositsPerSecond }) => depositsPerSecond }],
  settlement: [{ label: '99 of 100', stroke: '#a3541c', of: ({ settlementP99 }) => settlementP99 }],
  faults: [{ label: 'faults/s', stroke: '#a3241c', of: ({ faultsPerSecond }) => faultsPerSecond }],
}
const height = 180
const drawn = new Map<string, uPlot>()

await paint()
setInterval(() => {
  if (attended()) void look()
}, lookMs)
addEventListener('resize', () => {
  for (const [id, plot] of drawn) plot.setSize({ width: widthOf(id), height })
})

/** The figures come as the page has them; only the curves are drawn here. */
async function look(): Promise<void> {
  const answer = await fetch('/service').catch(() => undefined)
  if (!answer?.ok || answer.redirected) return
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('#figures')
  const old = document.querySelector('#figures')
  if (fresh && old) old.replaceWith(document.adoptNode(fresh))
  await paint()
}

async function paint(): Promise<void> {
  const { curves } = await get<{ curves: Curves }>('/api/service')
  for (const [id, each] of Object.entries(lines)) {
    const data: uPlot.AlignedData = [curves.at, ...each.map(({ of }) => of(curves))]
    const known = drawn.get(id)
    if (known) known.setData(data)
    else if (curves.at.length > 1) drawn.set(id, draw(id, each, data))
    tell(id, each, curves)
  }
}

function draw(id: string, each: Line[], data: uPlot.AlignedData): uPlot {
  const options: uPlot.Options = {
    width: widthOf(id),
    height,
    legend: { show: false },
    cursor: { show: false },
    axes: [{ values: (_, at) => at.map(minute) }, {}],
    scales: { y: { range: (_, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    series: [{}, ...each.map(({ label, stroke }) => ({ label, stroke, width: 2, spanGaps: false }))],
  }
  const plot = new uPlot(options, data, place(id).querySelector<HTMLElement>('.plot')!)
  plot.root.querySelector('canvas')!.setAttribute('aria-hidden', 'true') // what it shows is told in words below
  return plot
}

/** The newest values, for who does not see the curve. */
function tell(id: string, each: Line[], curves: Curves): void {
  const words = each.map(({ label, of }) => {
    const value = of(curves).findLast((one) => one !== null)
    return `${label}: ${value === undefined || value === null ? 'no data' : value.toPrecision(3)}`
  })
  place(id).querySelector('.last')!.textContent = curves.at.length > 1 ? `Last: ${words.join(' · ')}` : 'No data yet.'
}

/** As the page tells every instant: hours and minutes of UTC. */
function minute(at: number): string {
  return new Date(at * 1000).toISOString().slice(11, 16)
}

function widthOf(id: string): number {
  return Math.max(200, place(id).clientWidth)
}

function place(id: string): HTMLElement {
  return document.querySelector<HTMLElement>(`#graph-${id}`)!
}
