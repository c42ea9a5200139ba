import { request } from 'node:http'

export type EdgeAnswer = { status: number; body: unknown }

const patienceMs = 60_000 // replacing every worker takes its time

/** Asks an edge over its admin socket; undefined when none answers there. */
export function askEdge(socketPath: string, method: string, path: string): Promise<EdgeAnswer | undefined> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, method, path, timeout: patienceMs }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }))
    })
    asking.on('timeout', () => asking.destroy())
    asking.on('error', () => resolve(undefined))
    asking.end()
  })
}
