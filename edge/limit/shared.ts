import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, unlinkSync } from 'node:fs'
import { createRequire } from 'node:module'

/**
 * Memory of a host that all its workers see. It is a file without a name in `/dev/shm` which the supervisor opens and every worker is given as
 * a descriptor, and maps; `Atomics` work on it as on a `SharedArrayBuffer`. A worker that dies leaves it as it is.
 */
export type SharedMemory = {
  readonly buffer: ArrayBuffer
  /** False where memory cannot be mapped: then this is the worker's own, and it has only its part of what is shared out. */
  readonly isShared: boolean
}

const protReadWrite = 3
const mapShared = 1

/** For the supervisor: makes the memory, all zeros. Undefined where there is no such place; then each worker takes its own. */
export function makeShared(bytes: number): number | undefined {
  const name = `/dev/shm/countroom-edge-${randomBytes(9).toString('hex')}`
  try {
    const fd = openSync(name, 'wx+', 0o600)
    unlinkSync(name) // nobody else finds it, and it goes with its last process
    ftruncateSync(fd, bytes)
    return fd
  } catch {
    return undefined
  }
}

/** For a worker: the memory behind a descriptor that it was given, or memory of its own. */
export function openShared(fd: number | undefined, bytes: number): SharedMemory {
  const buffer = fd === undefined ? undefined : mapped(fd, bytes)
  return buffer ? { buffer, isShared: true } : { buffer: new ArrayBuffer(bytes), isShared: false }
}

type Ffi = typeof import('node:ffi')

/** `node:ffi` is experimental, and may be missing or switched off. */
function mapped(fd: number, bytes: number): ArrayBuffer | undefined {
  try {
    const ffi = createRequire(import.meta.url)('node:ffi') as Ffi
    const { functions } = ffi.dlopen(null, {
      mmap: { arguments: ['u64', 'u64', 'i32', 'i32', 'i32', 'i64'], return: 'u64' },
    })
    const at = functions.mmap(0n, BigInt(bytes), protReadWrite, mapShared, fd, 0n)
    if (at === 0xffff_ffff_ffff_ffffn) return undefined // MAP_FAILED
    return ffi.toArrayBuffer(at, bytes, false)
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}
