import type { IncomingMessage } from 'node:http'
import { type Problem, problem } from '../problem.ts'

const none = Buffer.alloc(0)

/** Reads a whole body, bounded, so that it can be sent again. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | Problem> {
  if (request.headers['content-length'] === undefined) return Promise.resolve(none)
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax) {
        request.removeAllListeners('data')
        request.resume()
        resolve(problem(413, 'edge.body_too_large', `A body has at most ${bytesMax} bytes.`))
      } else chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    request.on('error', () => resolve(problem(400, 'edge.body_broken', 'The body ended early.')))
    request.on('close', () => resolve(problem(400, 'edge.body_broken', 'The body ended early.')))
  })
}
