import { type ConnectionOptions, connect } from 'node:tls'

export type Caller = {
  /** Sends one request and answers the status and body of its response. One at a time. */
  call(request: Buffer): Promise<{ status: number; body: string }>
  close(): void
}

const headEnd = Buffer.from('\r\n\r\n')

/**
 * One keep-alive connection that costs as little as can be, because the generator of the load stands on the cores it
 * loads; made anew by the next call when the server closed it for being idle. Knows answers with a Content-Length only, which is what a bet gets.
 */
export async function openCaller(options: ConnectionOptions): Promise<Caller> {
  let line = await openLine(options)
  return {
    async call(request) {
      if (line.isClosed()) line = await openLine(options)
      return line.call(request)
    },
    close: () => line.close(),
  }
}

async function openLine(options: ConnectionOptions): Promise<Caller & { isClosed(): boolean }> {
  const socket = connect({ ...options, ALPNProtocols: ['http/1.1'] })
  socket.setNoDelay(true)
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  let received: Buffer = Buffer.alloc(0)
  let waiting: { resolve(answer: { status: number; body: string }): void; reject(error: Error): void } | undefined
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const end = received.indexOf(headEnd)
    if (end === -1) return
    const head = received.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(length)) return fail(new Error(`an answer without a length: ${head.slice(0, 200)}`))
    const whole = end + headEnd.length + length
    if (received.length < whole) return
    const body = received.toString('utf8', end + headEnd.length, whole)
    received = received.subarray(whole)
    waiting?.resolve({ status: Number(head.slice(9, 12)), body })
    waiting = undefined
  })
  socket.on('error', fail)
  socket.on('end', () => socket.destroy()) // closed from the other side: not to be written to
  socket.on('close', () => fail(new Error('the connection was closed')))
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    isClosed: () => socket.destroyed,
    close: () => socket.destroy(),
  }

  function fail(error: Error): void {
    waiting?.reject(error)
    waiting = undefined
  }
}

/** A keyed POST of JSON as bytes; `head` holds the headers that stay the same from call to call. */
export function keyedPost(head: string, key: string, body: string): Buffer {
  return Buffer.from(`${head}idempotency-key: ${key}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
