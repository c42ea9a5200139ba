import { openSync, readSync } from 'node:fs'

const digitsMax = 32

/** Opened once, and kept as long as the process lives; null where the kernel does not show it. */
let file: number | null | undefined

/**
 * The number of the kernel's last event of a device. One of them is that its machine is a copy (VMGENID; Linux tells it so from 6.10 on, after it
 * has renewed its own generator); the others are rare on a server, and cost a new seed each. Empty where the kernel does not show it.
 */
export function openKernelEvents(): () => string {
  if (file === undefined) file = open()
  const opened = file
  if (opened === null) return () => ''
  const text = Buffer.alloc(digitsMax)
  return () => text.toString('latin1', 0, readSync(opened, text, 0, digitsMax, 0))
}

function open(): number | null {
  try {
    return openSync('/sys/kernel/uevent_seqnum', 'r')
  } catch {
    return null // a container without it, or another system
  }
}
