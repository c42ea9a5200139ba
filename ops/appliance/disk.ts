import { statfsSync } from 'node:fs'
import { type Home, isInstalled } from './home.ts'
import { Trouble } from './trouble.ts'

const mebibyte = 1024 ** 2
/** A new cluster with its first write-ahead log, a token, logs; and room to begin. */
const newMebibytesMin = 512
/** One more segment of the write-ahead log, and logs: with less, PostgreSQL stops in the middle of the start. */
const startMebibytesMin = 32

export function freeMebibytes(home: Home): number {
  const { bavail, bsize } = statfsSync(home.dir)
  return Math.floor((bavail * bsize) / mebibyte)
}

/** @throws Trouble when the disk has no room for a start */
export function refuseFullDisk(home: Home): void {
  const free = freeMebibytes(home)
  const wanted = isInstalled(home) ? startMebibytesMin : newMebibytesMin
  if (free >= wanted) return
  throw new Trouble(
    `The disk is full: ${home.dir} has ${free} MiB free, ${isInstalled(home) ? 'a start' : 'a new appliance'} needs ${wanted}.`,
    { setting: 'COUNTROOM_HOME (where the data live)', remedy: `df -h ${home.dir}` },
  )
}
