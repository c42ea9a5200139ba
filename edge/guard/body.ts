import type { Exchange } from '../listen/exchange.ts'
import { type Problem, problem, tooSlow } from '../problem.ts'
import { bodyless, unexpectedBody } from './gate.ts'

const none = Buffer.alloc(0)

/** Reads a whole body, bounded, so that it can be sent again. */
export function readBody(exchange: Exchange, bytesMax: number): Promise<Buffer | Problem> {
  if (!exchange.hasBody) return Promise.resolve(none)
  const { body } = exchange
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax) leave(problem(413, 'edge.body_too_large', `A body has at most ${bytesMax} bytes.`))
      else chunks.push(chunk)
    })
    exchange.onTooSlow(() => leave(tooSlow))
    body.on('end', () => {
      if (exchange.gone)
        resolve(problem(400, 'edge.body_broken', 'The body ended early.')) // HTTP/2 ends what is taken back, too
      else if (exchange.trailed) resolve(problem(400, 'edge.trailers', 'Nothing follows a body here.'))
      else if (bytes > 0 && bodyless.has(exchange.method)) resolve(unexpectedBody())
      else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
    })
    body.on('error', () => resolve(problem(400, 'edge.body_broken', 'The body ended early.')))
    body.on('close', () => resolve(problem(400, 'edge.body_broken', 'The body ended early.')))

    /** What else comes of it nobody looks at. */
    function leave(found: Problem): void {
      exchange.onTooSlow(undefined)
      body.removeAllListeners('data')
      body.resume()
      resolve(found)
    }
  })
}
