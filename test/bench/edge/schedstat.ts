import { readdirSync, readFileSync } from 'node:fs'

/**
 * Processor time of a process and all below it in seconds, as the scheduler counts it: to some microseconds, where the usual count
 * (`/proc/<pid>/stat`) knows hundredths of a second.
 */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0
  const look = (process: number) => {
    for (const task of tasksOf(process)) {
      nanoseconds += Number(read(`/proc/${process}/task/${task}/schedstat`).split(' ')[0])
      for (const child of read(`/proc/${process}/task/${task}/children`).split(' ').filter(Boolean)) look(Number(child))
    }
  }
  look(pid)
  return nanoseconds / 1e9
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // it has ended
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
