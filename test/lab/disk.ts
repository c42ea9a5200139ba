import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file system of its own under a folder, so that it can be full while all others have room. */
export type Disk = {
  /** As a log that nobody rotates does; to the last byte, or to what is left. */
  fill(leaveMegabytes?: number): void
  free(): void
  close(): void
}

/** In a sparse file beside the folder. Needs root. */
export function openDisk(folder: string, megabytes: number): Disk {
  const image = `${folder}.disk`
  const filler = join(folder, 'filler')
  writeFileSync(image, '')
  truncateSync(image, megabytes * 2 ** 20)
  execFileSync('/usr/sbin/mkfs.ext4', ['-q', '-F', '-m', '0', image])
  mkdirSync(folder, { recursive: true })
  execFileSync('/usr/bin/mount', ['-o', 'loop', image, folder])
  rmSync(join(folder, 'lost+found'), { recursive: true })
  return {
    fill(leaveMegabytes = 0) {
      const { bavail, bsize } = statfsSync(folder)
      const taken = existsSync(filler) ? statSync(filler).size : 0
      const room = bavail * bsize - (leaveMegabytes + 1) * 2 ** 20
      spawnSync('/usr/bin/fallocate', ['-l', String(taken + Math.max(0, room)), filler])
      if (leaveMegabytes === 0)
        spawnSync('/usr/bin/dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k', 'oflag=append', 'conv=notrunc'])
    },
    free: () => rmSync(filler, { force: true }),
    close() {
      spawnSync('/usr/bin/umount', ['-l', folder])
      rmSync(image, { force: true })
    },
  }
}
