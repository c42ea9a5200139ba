const offsetMs = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now()

/** A time of this process (`performance.now()`) as one that all processes of a host share: milliseconds of the kernel's monotonic clock. */
export function hostMs(nowMs: number): number {
  return nowMs + offsetMs
}
