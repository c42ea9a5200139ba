import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Answer, Witness } from './witness.ts'

const bodyBytesMax = 65_536

/** A witness over HTTP: `POST /add-checkpoint`, `POST /add-handover`, `GET /<origin hash>/checkpoint`, and its key at `GET /vkey`. */
export async function serveWitness(witness: Witness, address: { host: string; port: number }): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    answerOf(witness, request).then(
      ({ status, type, text }) =>
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text),
      () => response.writeHead(500, { 'content-type': 'text/plain' }).end('the witness failed\n'),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return server
}

async function answerOf(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const { method, url = '' } = request
  const add =
    method === 'POST' ? { '/add-checkpoint': witness.add, '/add-handover': witness.addHandover }[url] : undefined
  if (add) {
    const body = await bodyOf(request)
    return body === undefined ? plain(413, 'too large\n') : add(body)
  }
  const hash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url)?.[1]
  if (method === 'GET' && hash !== undefined) return witness.newest(hash)
  if (method === 'GET' && url === '/vkey') return plain(200, `${witness.vkey}\n`)
  return plain(404, 'there is nothing here\n')
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > bodyBytesMax) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', text }
}
