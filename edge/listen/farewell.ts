import type { Duplex } from 'node:stream'
import { bodyOf, headersOf, type Problem } from '../problem.ts'

const lingerMs = 2000

/** Says the last of a connection, and waits for nobody who neither hears it nor goes. */
export function endSoon(socket: Duplex, text?: string | Buffer): void {
  if (text === undefined) socket.end()
  else socket.end(text)
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

/** A whole answer, for a connection that nothing else speaks on. `also`: further headers of it, flat. */
export function refusalText(found: Problem, requestId: string, also: readonly string[] = []): string {
  const body = bodyOf(found, requestId)
  const headers = [...headersOf(found, body, requestId), ...also, 'connection', 'close']
  let text = `HTTP/1.1 ${found.status} Refused\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n${body}`
}
