import { linkSync, readFileSync, rmSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { isAlive, markOf, parseMark, printMark } from '../appliance/processes.ts'
import { Trouble } from '../appliance/trouble.ts'

const backups = 'run/backup.lock'
const attemptsMax = 3

/**
 * Who takes the same lock of a home excludes each other, as backup and drill do: one must not remove what the other reads.
 *
 * @throws Trouble that names who is at work
 */
export async function exclusively<T>(home: Home, what: string, work: () => Promise<T>, lock = backups): Promise<T> {
  const mark = markOf(process.pid)
  if (!mark) throw new Error('this process has no entry in /proc')
  const own = `run/backup.${process.pid}.lock`
  home.write(own, `${printMark(mark).trim()} ${what}\n`)
  try {
    take(home, own, lock)
  } finally {
    rmSync(home.path(own), { force: true })
  }
  try {
    return await work()
  } finally {
    rmSync(home.path(lock), { force: true })
  }
}

/**
 * Several may find that the holder of a lock is dead, and only one of them may remove it: whoever holds the lock that is named after that very holder, which is
 * taken in the same way.
 */
function take(home: Home, own: string, path: string): void {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (linked(home.path(own), home.path(path))) return
    const holder = read(home, path)
    if (holder === undefined) continue // it was let go meanwhile; what lies there next is somebody's
    const mark = parseMark(holder)
    if (mark && isAlive(mark))
      throw new Trouble(`A ${holder.trim().split(' ').slice(2).join(' ')} is under way (process ${mark.pid}).`, {
        setting: home.path(path),
        remedy: 'wait until it is done, then ask again',
      })
    const right = `${path}.${holder
      .trim()
      .split(' ')
      .slice(0, 2)
      .join('-')
      .replaceAll(/[^\w-]/g, '')}`
    take(home, own, right)
    try {
      if (read(home, path) === holder) rmSync(home.path(path), { force: true })
    } finally {
      rmSync(home.path(right), { force: true })
    }
  }
  throw new Trouble('Others begin the same in this home at the same time.', {
    setting: home.path(path),
    remedy: 'ask again',
  })
}

function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

function read(home: Home, path: string): string | undefined {
  try {
    return readFileSync(home.path(path), 'utf8')
  } catch {
    return undefined
  }
}
