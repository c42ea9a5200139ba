import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerReader } from '../../edge/upstream/answer.ts'

/** How the edge takes apart what a core answers: in one way, however the bytes arrive, or not at all. */
type Heard = { status: number; headers: string[]; body: string; closing: boolean }

function hear(pieces: readonly Buffer[], methods: readonly string[] = []): Heard[] {
  const heard: Heard[] = []
  let open: Heard | undefined
  const reader = new AnswerReader({
    onHead: (status, headers) => {
      open = { status, headers, body: '', closing: false }
    },
    onBody: (chunk) => {
      open!.body += chunk.toString('latin1')
    },
    onEnd: (closing) => {
      heard.push({ ...open!, closing })
    },
    isBodyless: () => methods[heard.length] === 'HEAD',
  })
  for (const piece of pieces) reader.read(piece)
  if (!reader.isBetween) throw new Error('an answer without its end')
  return heard
}

const answers = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\nhello',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\ncontent-length: 70\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
].join('')
const whole: Heard[] = [
  {
    status: 200,
    headers: ['content-length', '5', 'set-cookie', 'a=1', 'set-cookie', 'b=2'],
    body: 'hello',
    closing: false,
  },
  { status: 204, headers: [], body: '', closing: false },
  { status: 200, headers: ['transfer-encoding', 'chunked'], body: 'hello world', closing: false },
  { status: 304, headers: ['content-length', '70'], body: '', closing: false },
  { status: 404, headers: ['content-length', '0', 'connection', 'close'], body: '', closing: true },
]

test('answers behind each other are the same answers wherever their bytes are cut', () => {
  const bytes = Buffer.from(answers, 'latin1')
  expect(hear([bytes])).toEqual(whole)
  expect(hear([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole)
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index]!, end))
      expect(hear(pieces)).toEqual(whole)
    }),
  )
})

test('an answer to HEAD has no body, whatever length it tells', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 70\r\n\r\n'
  expect(hear([Buffer.from(head + head)], ['HEAD', 'HEAD']).map(({ body }) => body)).toEqual(['', ''])
})

describe('what could be read in two ways is not read at all', () => {
  const head = (...lines: string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`

  test.each([
    ['two lengths', head('content-length: 1', 'content-length: 1')],
    ['a length and chunks', head('content-length: 1', 'transfer-encoding: chunked')],
    ['chunks and a length', head('transfer-encoding: chunked', 'content-length: 1')],
    ['another encoding', head('transfer-encoding: gzip, chunked')],
    ['no length at all', head('x: y')],
    ['a length with a sign', head('content-length: +1')],
    ['a length with a zero in front', head('content-length: 01')],
    ['a length in hexadecimal', head('content-length: 0x1')],
    ['a folded header', head('x: y', ' z: 1', 'content-length: 0')],
    ['a space before the colon', head('content-length : 0')],
    ['a header without a colon', head('content-length', 'content-length: 0')],
    ['a header without a name', head(': 0', 'content-length: 0')],
    ['a bare line feed in a header', head('x: a\ny: b', 'content-length: 0')],
    ['a zero byte in a header', head('x: a\0', 'content-length: 0')],
    ['another version', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n'],
    ['a chunk with an extension', `${head('transfer-encoding: chunked')}5;x=y\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with a sign', `${head('transfer-encoding: chunked')}+5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk longer than its size', `${head('transfer-encoding: chunked')}4\r\nhello\r\n0\r\n\r\n`],
    ['a trailer', `${head('transfer-encoding: chunked')}0\r\nx: y\r\n\r\n`],
    ['a head that does not end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}`],
  ])('%s', (_, text) => {
    expect(() => hear([Buffer.from(text, 'latin1')])).toThrow()
  })
})
