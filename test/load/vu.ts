import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { note, pause, type Sample, takeSamples, type VuData } from './bridge.ts'
import { type Scenario, type ScriptOptions, vusAt } from './scenario.ts'

/** The thread of one virtual user, or of the one that only tells the script's options. */
export type Turn = { vu: number; index: number; scenario: Scenario; beganAtMs: number }
export type Told = { options: ScriptOptions } | { samples: Sample[]; failures: string[] }

const shims: Record<string, string> = { k6: './k6.ts', 'k6/http': './k6-http.ts', 'k6/metrics': './k6-metrics.ts' }
registerHooks({
  resolve: (specifier, context, next) =>
    shims[specifier] === undefined
      ? next(specifier, context)
      : { url: new URL(shims[specifier], import.meta.url).href, shortCircuit: true },
})

const { script, environment } = workerData as VuData
Object.assign(globalThis, { __ENV: environment, __VU: 0, __ITER: 0 })
const module = (await import(pathToFileURL(script).href)) as Record<string, unknown>

parentPort?.on('message', (turn: Turn | 'options') => {
  if (turn === 'options') parentPort?.postMessage({ options: module.options ?? {} } satisfies Told)
  else parentPort?.postMessage({ failures: play(turn), samples: takeSamples() } satisfies Told)
})

/** Iterates while its number is among those that play; what an iteration throws ends only that iteration. */
function play({ vu, index, scenario, beganAtMs }: Turn): string[] {
  const iterate = module[scenario.exec] as () => unknown
  const failures: string[] = []
  Object.assign(globalThis, { __VU: vu })
  for (let iteration = 0; ; ) {
    const seconds = (Date.now() - beganAtMs) / 1000
    if (seconds >= scenario.seconds) return failures
    if (index >= vusAt(scenario, seconds)) {
      pause(0.05)
      continue
    }
    Object.assign(globalThis, { __ITER: iteration++ })
    try {
      iterate()
    } catch (error) {
      failures.push((error as Error).message)
      pause(0.5)
    }
    note('counter:iterations', 1)
  }
}
