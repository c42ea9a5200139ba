import { linkSync, readFileSync, rmSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { isAlive, markOf, parseMark, printMark } from '../appliance/processes.ts'
import { Trouble } from '../appliance/trouble.ts'

const lock = 'run/backup.lock'

/** Backup and drill of one home exclude each other: one must not remove what the other reads. @throws Trouble that names who is at work */
export async function exclusively<T>(home: Home, what: string, work: () => Promise<T>): Promise<T> {
  const mark = markOf(process.pid)
  if (!mark) throw new Error('this process has no entry in /proc')
  const own = `run/backup.${process.pid}.lock`
  home.write(own, `${printMark(mark).trim()} ${what}\n`)
  try {
    take(home, own)
  } finally {
    rmSync(home.path(own), { force: true })
  }
  try {
    return await work()
  } finally {
    rmSync(home.path(lock), { force: true })
  }
}

function take(home: Home, own: string): void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      linkSync(home.path(own), home.path(lock))
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = read(home)
    const living = parseMark(holder)
    if (living && isAlive(living))
      throw new Trouble(`A ${holder.trim().split(' ').slice(2).join(' ')} is under way (process ${living.pid}).`, {
        setting: home.path(lock),
        remedy: 'wait until it is done, then ask again',
      })
    rmSync(home.path(lock), { force: true })
  }
  throw new Trouble('Others begin backups of this home at the same time.', {
    setting: home.path(lock),
    remedy: 'ask again',
  })
}

function read(home: Home): string {
  try {
    return readFileSync(home.path(lock), 'utf8')
  } catch {
    return '' // it was let go meanwhile
  }
}
