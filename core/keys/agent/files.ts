import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file is on the disk, whole, or as it was before. */
export function writeWhole(file: string, content: string): void {
  const descriptor = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(`${file}.new`, file)
  syncFolder(dirname(file))
}

/**
 * Adds to the end of a file that is `length` bytes long; it is on the disk when this returns. What a full disk left of an
 * earlier try is cut off first, so nothing is ever added to half a line.
 *
 * @throws Error also where the file is shorter than that: somebody cut it
 */
export function appendDurably(file: string, content: string, length: number): void {
  const descriptor = openSync(file, 'a', 0o600)
  try {
    cutBack(descriptor, length)
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } catch (error) {
    try {
      cutBack(descriptor, length)
    } catch {} // the next call tries again, and adds nothing before it is done
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function cutBack(descriptor: number, length: number): void {
  const { size } = fstatSync(descriptor)
  if (size < length) throw new Error('a file to which is only added became shorter')
  if (size > length) ftruncateSync(descriptor, length)
}

/** A new name in a folder lasts only once the folder is on the disk too. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
