/** The scenarios of a script, as far as they are run here: a number of virtual users over time. */
type Stage = { seconds: number; target: number }
export type Scenario = { exec: string; from: number; stages: Stage[]; vusMax: number; seconds: number }

type Given = {
  executor?: string
  exec?: string
  vus?: number
  duration?: string
  startVUs?: number
  stages?: Array<{ duration: string; target: number }>
}
export type ScriptOptions = Given & { scenarios?: Record<string, Given>; thresholds?: Record<string, string[]> }

/** `asked` is from the command line and stands above what the script says. @throws Error for an executor unknown here */
export function scenariosOf(options: ScriptOptions, asked: { vus?: number; seconds?: number }): Scenario[] {
  const given = Object.values(options.scenarios ?? { default: options })
  return given.map((scenario) => {
    const { executor = scenario.stages ? 'ramping-vus' : 'constant-vus', exec = 'default' } = scenario
    const flat = asked.vus !== undefined || asked.seconds !== undefined || executor === 'constant-vus'
    if (executor === 'ramping-vus' && !flat) {
      const stages = (scenario.stages ?? []).map(({ duration, target }) => ({ seconds: secondsOf(duration), target }))
      return sized({ exec, from: scenario.startVUs ?? 1, stages })
    }
    if (!flat) throw new Error(`The executor ${executor} is not known here; constant-vus and ramping-vus are.`)
    const vus = asked.vus ?? scenario.vus ?? 1
    return sized({
      exec,
      from: vus,
      stages: [{ seconds: asked.seconds ?? secondsOf(scenario.duration ?? '10s'), target: vus }],
    })
  })
}

/** How many virtual users play at an instant: straight lines from target to target. */
export function vusAt(scenario: Scenario, seconds: number): number {
  let from = scenario.from
  let begin = 0
  for (const stage of scenario.stages) {
    if (seconds < begin + stage.seconds)
      return Math.round(from + ((stage.target - from) * (seconds - begin)) / stage.seconds)
    begin += stage.seconds
    from = stage.target
  }
  return 0
}

/** `90s`, `1m30s`, `500ms`. */
export function secondsOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new Error(`"${text}" is not a duration, such as 90s or 1m30s.`)
  const unit: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 }
  return parts.reduce((sum, [, number, name]) => sum + Number(number) * (unit[name ?? ''] ?? 0), 0)
}

function sized(scenario: Omit<Scenario, 'vusMax' | 'seconds'>): Scenario {
  return {
    ...scenario,
    vusMax: Math.max(scenario.from, ...scenario.stages.map((stage) => stage.target)),
    seconds: scenario.stages.reduce((sum, stage) => sum + stage.seconds, 0),
  }
}
