import { inspectProgram as inspect } from '../program.ts'
import type { JobDefinition } from '../queue.ts'

/** Every day, as GLI-19 2.3.2 wants it. */
export const inspectProgram: JobDefinition = {
  queue: 'program.inspect',
  cron: '10 4 * * *',
  retryMax: 3,
  run: (host) => inspect(host, 'daily'),
}

/** When somebody asks at the desk. */
export const inspectProgramOnDemand: JobDefinition = {
  queue: 'program.inspect-now',
  retryMax: 0,
  run: (host) => inspect(host, 'demand'),
}
