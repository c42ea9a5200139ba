import type { Socket } from 'node:net'

/**
 * Reads how a connection begins until `take` knows what it is, and gives back what is behind the bytes that it used, where TLS finds it. What
 * `take` throws goes to `fail`.
 */
export function readFirst<Found extends { bytes: number }>(
  socket: Socket,
  take: (heard: Buffer) => Found | undefined,
  next: (found: Found) => void,
  fail: (error: unknown) => void = () => socket.destroy(),
): void {
  let heard: Buffer = Buffer.alloc(0)
  const onError = () => socket.destroy()
  socket.on('error', onError)
  socket.on('readable', onReadable)

  function onReadable(): void {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    heard = Buffer.concat([heard, chunk])
    try {
      const found = take(heard)
      if (!found) return
      socket.off('readable', onReadable)
      socket.off('error', onError)
      if (heard.length > found.bytes) socket.unshift(heard.subarray(found.bytes))
      next(found)
    } catch (error) {
      fail(error)
    }
  }
}
