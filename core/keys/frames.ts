/** One JSON document per line, either way; a line that is too long ends the connection. */
const frameBytesMax = 256 * 1024
export const protocolVersion = 1

export type Request = { v: number; id: number; op: string; key?: string; args?: Record<string, string> }
export type Response = { id: number; ok?: Record<string, string>; error?: { code: string; message: string } }

/** Cuts a stream into lines and reads them. @throws Error on a frame that is too long or no JSON */
export function frameReader<T>(hear: (frame: T) => void): (chunk: Buffer) => void {
  let rest = ''
  return (chunk) => {
    rest += chunk.toString('utf8')
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 1)
      if (line !== '') hear(JSON.parse(line) as T)
    }
    if (rest.length > frameBytesMax) throw new Error('frame too long')
  }
}
