import { readFileSync } from 'node:fs'
import { MessageChannel, Worker } from 'node:worker_threads'
import { Agent, request } from 'undici'
import type { HttpAnswer, HttpRequest, VuData } from './bridge.ts'
import { type Scenario, type ScriptOptions, scenariosOf } from './scenario.ts'
import { createTally, type Tally } from './tally.ts'
import type { Told, Turn } from './vu.ts'

export type Load = {
  script: string
  environment: Record<string, string>
  caFile?: string
  vus?: number
  seconds?: number
}

/** Runs a k6 script: each virtual user in a thread of its own that may block, the network here. */
export async function runLoad(load: Load): Promise<{ options: ScriptOptions; tally: Tally; seconds: number }> {
  const agent = new Agent({
    connect: load.caFile ? { ca: readFileSync(load.caFile) } : {},
    connections: 64,
    headersTimeout: 30_000,
  })
  try {
    const options = await askOptions(load, agent)
    const tally = createTally()
    const scenarios = scenariosOf(options, load)
    const vus = scenarios.flatMap((scenario) =>
      Array.from({ length: scenario.vusMax }, (_, index) => ({ scenario, index })),
    )
    const workers = vus.map(() => openVu(load, agent))
    await Promise.all(workers.map(({ online }) => online))
    const beganAtMs = Date.now()
    await Promise.all(workers.map((worker, i) => worker.play({ vu: i + 1, beganAtMs, ...(vus[i] as VuPlace) }, tally)))
    return { options, tally, seconds: (Date.now() - beganAtMs) / 1000 }
  } finally {
    await agent.destroy()
  }
}

type VuPlace = { scenario: Scenario; index: number }

async function askOptions(load: Load, agent: Agent): Promise<ScriptOptions> {
  const vu = openVu(load, agent)
  const told = await vu.ask('options')
  await vu.close()
  return (told as { options: ScriptOptions }).options
}

function openVu(load: Load, agent: Agent) {
  const { port1, port2 } = new MessageChannel()
  const bell = new Int32Array(new SharedArrayBuffer(4))
  const data: VuData = { script: load.script, environment: load.environment, port: port2, bell }
  const worker = new Worker(new URL('./vu.ts', import.meta.url), {
    workerData: data,
    transferList: [port2],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const failed = new Promise<never>((_, reject) => worker.once('error', reject))
  failed.catch(() => {})
  port1.on('message', async (wanted: HttpRequest) => {
    port1.postMessage(await exchange(agent, wanted))
    Atomics.store(bell, 0, 1)
    Atomics.notify(bell, 0)
  })
  const ask = (turn: Turn | 'options') => {
    const told = new Promise<Told>((resolve) => worker.once('message', resolve))
    worker.postMessage(turn)
    return Promise.race([told, failed])
  }
  const close = async () => {
    port1.close()
    await worker.terminate()
  }
  return {
    ask,
    close,
    online: Promise.race([new Promise((resolve) => worker.once('online', resolve)), failed]),
    async play(turn: Turn, tally: Tally): Promise<void> {
      const told = (await ask(turn)) as Extract<Told, { samples: unknown }>
      tally.add(told.samples, told.failures)
      await close()
    },
  }
}

async function exchange(agent: Agent, { method, url, headers, body }: HttpRequest): Promise<HttpAnswer> {
  const began = performance.now()
  const ended = () => performance.now() - began
  try {
    const answer = await request(url, { method: method as 'GET', headers, body: body ?? null, dispatcher: agent })
    const text = await answer.body.text()
    const kept = Object.entries(answer.headers).filter(
      (entry): entry is [string, string | string[]] => entry[1] !== undefined,
    )
    return { status: answer.statusCode, headers: Object.fromEntries(kept), body: text, durationMs: ended(), error: '' }
  } catch (error) {
    return { status: 0, headers: {}, body: '', durationMs: ended(), error: (error as Error).message }
  }
}
