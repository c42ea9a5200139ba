/**
 * What goes over the agent's socket: one JSON document per line, either way, binary values in base 64. A line that is
 * too long or no JSON ends the connection.
 */
const frameBytesMax = 512 * 1024
export const protocolVersion = 2

export type Request = {
  v: number
  id: number
  op: string
  key?: string
  args?: Record<string, unknown>
  /** When the asker stops waiting, by `monotonicMs`; what the agent gets to later than that is not done. */
  by: number
}

export type Response = {
  id: number
  ok?: Record<string, unknown>
  error?: { code: string; message: string; kind?: string }
}

/** Milliseconds on the clock that all processes of a machine share and nobody sets. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

/** Cuts a stream into lines and reads them. @throws Error on a frame that is too long or no JSON object */
export function frameReader<T extends object>(hear: (frame: T) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = []
  let restBytes = 0
  return (chunk) => {
    let begin = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, begin)) {
      const line = Buffer.concat([...rest, chunk.subarray(begin, end)]).toString('utf8')
      rest = []
      restBytes = 0
      begin = end + 1
      if (line !== '') hear(asObject<T>(line))
    }
    if (begin < chunk.length) {
      rest.push(chunk.subarray(begin))
      restBytes += chunk.length - begin
    }
    if (restBytes > frameBytesMax) throw new Error('frame too long')
  }
}

function asObject<T extends object>(line: string): T {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('a frame is a JSON object')
  return value as T
}
