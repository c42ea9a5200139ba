import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
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

/** Adds to the end of a file; it is on the disk when this returns. */
export function appendDurably(file: string, content: string): void {
  const descriptor = openSync(file, 'a', 0o600)
  try {
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
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
