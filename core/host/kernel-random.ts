import { openSync, readSync } from 'node:fs'

/** Opened once, and kept as long as the process lives. */
let file: number | undefined

/**
 * Bytes of the kernel's own generator, read from it each time. Not `randomBytes`, which draws them from a generator inside this process:
 * that one would give the same again to every copy that is made of a running machine. The kernel is told when it is a copy (VMGENID).
 */
export function openKernelRandom(): (bytes: number) => Buffer {
  if (file === undefined) file = openSync('/dev/urandom', 'r')
  const opened = file
  return (bytes) => {
    const filled = Buffer.alloc(bytes)
    if (readSync(opened, filled) !== bytes) throw new Error('the kernel gives no random bytes')
    return filled
  }
}
