import { html } from 'hono/html'
import { span } from '../service/facts.ts'
import type { ServiceLook } from '../service/look.ts'
import { deskFrame } from './desk-frame.ts'

const graphs = [
  { id: 'bets', title: 'Bets per second' },
  { id: 'latency', title: 'Time of a bet, in milliseconds' },
  { id: 'deposits', title: 'Deposits per second' },
  { id: 'settlement', title: 'Time until what a gateway tells is done, in seconds' },
  { id: 'faults', title: 'Faults of ours per second' },
] as const

/** How the machinery stands, for those who run it: whole without scripts, which draw the curves and look again. */
export function servicePage(name: string, look: ServiceLook) {
  const bad = look.facts.filter(({ state }) => state !== 'good')
  return deskFrame(
    'Service',
    'service',
    html`<header><strong class="brand">Countroom <span>back office</span></strong>
      <nav aria-label="Back office"><a href="/">Desk</a><a href="/service" aria-current="page">Service</a></nav><span class="who">${name}</span></header>
    <main><h1>Service</h1><div id="figures">
      <p class="note ${bad.length === 0 ? 'good' : 'bad'}">${bad.length === 0 ? 'Everything that is looked at is well.' : `${bad.length} of ${look.facts.length} need a look: ${bad.map(({ what }) => what).join(', ')}.`}
        <span class="fine">As of ${clock(look.at)}. It looks again every ten seconds, and stands still when nobody has touched this page for five minutes.</span></p>
      <section><h2>State</h2>${table(
        ['What', 'State', '', 'Runbook'],
        look.facts.map(({ what, state, words, runbook }) => [what, badge(state), words, runbook ?? '']),
      )}
      <p class="fine">Judged here by the bounds of the alerts. Which alarms ring, Prometheus and Alertmanager know; this page does not ask them.</p></section>
      <section><h2>Database</h2>${
        look.nodes
          ? table(
              ['Node', 'Role', 'State', 'Behind'],
              look.nodes.map(({ name, role, state, lagBytes }) => [
                name,
                role,
                state,
                lagBytes === null ? '' : `${lagBytes} bytes`,
              ]),
            )
          : html`<p>Nobody answers for the database.</p>`
      }</section>
      <section><h2>Processes</h2>${
        look.processes.length > 0
          ? table(
              ['Process', 'Heard of', 'Event loop late by', 'Memory'],
              look.processes.map(({ process, at, loopLagSeconds, memoryBytes }) => [
                process,
                `${span((Date.parse(look.at) - Date.parse(at)) / 1000)} ago`,
                loopLagSeconds === null ? '' : `${(loopLagSeconds * 1000).toFixed(0)} ms`,
                memoryBytes === null ? '' : `${(memoryBytes / 1024 ** 2).toFixed(0)} MiB`,
              ]),
            )
          : html`<p>No data: ${look.redis ? 'nobody has kept a sample yet' : 'Redis is away'}.</p>`
      }</section>
      <section><h2>Promises, over what is kept</h2>${table(
        ['Promise', 'Target', 'Seen', 'Broken', 'Error budget burns'],
        look.promises.map(({ promise, target, events, bad, burn }) => [
          promise,
          `${(target * 100).toFixed(1)} %`,
          String(events),
          String(bad),
          burn === null ? 'nothing happened' : `${burn.toFixed(1)} times as fast as it may`,
        ]),
      )}</section></div>
      <section><h2>The last hour</h2><p class="fine">${source(look)}</p>
        <div class="graphs">${graphs.map(({ id, title }) => html`<figure id="graph-${id}"><figcaption>${title}</figcaption><div class="plot"></div><p class="fine last"></p></figure>`)}</div></section></main>`,
    ['uplot', 'service'],
  )
}

function source({ sampledSince, redis }: ServiceLook): string {
  if (!redis) return 'No data: Redis is away, where cores and workers keep samples of themselves.'
  if (sampledSince === null) return 'No data yet. Cores and workers keep a sample of themselves every ten seconds.'
  return `Drawn from the samples that cores and workers keep of themselves every ten seconds, since ${clock(sampledSince)}; a gap is what nobody kept. Edges keep none. For longer than an hour ask Prometheus.`
}

function clock(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`
}

function badge(state: 'good' | 'bad' | 'unknown') {
  return html`<span class="badge ${state}">${{ good: 'well', bad: 'not well', unknown: 'unknown' }[state]}</span>`
}

function table(head: string[], rows: Array<Array<string | ReturnType<typeof html>>>) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${head[0]}"><table><thead><tr>${head.map((each) => html`<th scope="col">${each || html`<span class="hidden">Words</span>`}</th>`)}</tr></thead>
    <tbody>${rows.map((cells) => html`<tr>${cells.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>`)}</tbody></table></div>`
}
