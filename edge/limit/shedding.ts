import { type Problem, problem } from '../problem.ts'
import { type RouteClass, routeClasses } from '../route.ts'

/** From which level on a class is turned away: what ends something that is open never is. */
const shedAt: Record<RouteClass, number> = {
  settle: Number.POSITIVE_INFINITY,
  withdrawal: 5,
  bet: 4,
  deposit: 3,
  'sign-in': 3,
  code: 3,
  change: 3,
  read: 2,
  page: 2,
  report: 1,
}
const levels = routeClasses.map((name) => shedAt[name])

type SheddingConfig = {
  /** Event-loop delay and requests waiting at the cores at which the first class is turned away; at twice that the second, and so on. */
  delayMillisecondsMax: number
  waitingMax: number
}

export type Shedding = {
  /** Why a request of a class is turned away, by its index in `routeClasses`; undefined: it is not. */
  refuse(index: number): Problem | undefined
  /** 0: nothing is turned away. */
  readonly level: number
  /** Notes how late this process is, in milliseconds, and how many requests wait for each place at the cores. */
  note(delayMs: number, waiting: number): void
  close(): void
}

const sampleMs = 100
/** Of each sample; so a single late moment turns nobody away, and a second of it does. */
const weight = 0.2

/**
 * Turns away what matters least while this worker or the cores have more than they can do, so that what matters is answered in time.
 *
 * @param waiting requests at the cores, for each connection to them
 */
export function openShedding(
  config: () => SheddingConfig,
  waiting: () => number,
  onLevel: (level: number) => void = () => {},
): Shedding {
  let delayMs = 0
  let waitingFor = 0
  let level = 0
  let expectedMs = performance.now() + sampleMs
  const sampling = setInterval(() => {
    const nowMs = performance.now()
    note(Math.max(0, nowMs - expectedMs), waiting())
    expectedMs = nowMs + sampleMs
  }, sampleMs)
  sampling.unref()
  return {
    refuse: (index) => (level >= (levels[index] as number) ? busy() : undefined),
    get level() {
      return level
    },
    note,
    close: () => clearInterval(sampling),
  }

  function note(lateMs: number, nowWaiting: number): void {
    delayMs += (lateMs - delayMs) * weight
    waitingFor += (nowWaiting - waitingFor) * weight
    const { delayMillisecondsMax, waitingMax } = config()
    const now = Math.max(levelOf(delayMs / delayMillisecondsMax), levelOf(waitingFor / waitingMax))
    if (now !== level) onLevel(now)
    level = now
  }
}

function levelOf(ratio: number): number {
  return ratio < 1 ? 0 : Math.floor(Math.log2(ratio)) + 1
}

/** Not all come back at the same moment. */
function busy(): Problem {
  const seconds = 1 + Math.floor(Math.random() * 4)
  return {
    ...problem(503, 'edge.busy', 'There is more to do than can be done at the moment. Ask again in a moment.'),
    headers: ['retry-after', String(seconds)],
  }
}
