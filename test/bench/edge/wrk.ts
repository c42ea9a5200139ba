import { readFileSync, writeFileSync } from 'node:fs'
import { loadCore, runPinned, startPinned } from './pinned.ts'
import type { Exchange, Track } from './track.ts'

export const connections = 32

/** What wrk counted: answers that were right, byte for byte, and how long it went on. */
export type Served = { requests: number; seconds: number }

// Each thread of wrk has a Lua of its own; the threads' counts are read at the end.
const script = `
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args)
  local function contents(name) local file = io.open(name, 'rb'); local all = file:read('*a'); file:close(); return all end
  wrk.method = args[1]
  wrk.headers['user-agent'] = 'bench/1.0'
  wrk.headers['accept'] = 'application/json'
  if args[1] == 'POST' then
    wrk.headers['content-type'] = 'application/json'
    wrk.headers['idempotency-key'] = '0b7c4f0e-6d0c-4d0a-9f5d-6f1f2c3a4b5c'
    wrk.headers['origin'] = 'https://localhost'
    wrk.body = contents(args[2])
  end
  expected = contents(args[3])
  wrong = 0
end
function response(status, headers, body)
  if status ~= 200 or body ~= expected then wrong = wrong + 1 end
end
function done(summary)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get('wrong') end
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('\\n{"requests":%d,"seconds":%f,"wrong":%d,"lost":%d}', summary.requests, summary.duration / 1e6, wrong, lost))
end
`

/** Asks the same thing over and over for whole seconds. @throws Error when one answer is not right */
export async function ask(track: Track, port: number, exchange: Exchange, seconds: number): Promise<Served> {
  return read(await runPinned(loadCore, words(track, port, exchange, seconds)), exchange)
}

export type Asking = {
  /** Holds it where it stands; what is under way is answered and waits. */
  pause(): void
  goOn(): void
  /** @throws Error when one answer was not right */
  end(): Promise<Served>
}

const longestSeconds = 3600

/** Asks until it is ended. */
export function keepAsking(track: Track, port: number, exchange: Exchange): Asking {
  const output = track.file(`wrk-${port}.out`)
  writeFileSync(output, '')
  const asking = startPinned(loadCore, words(track, port, exchange, longestSeconds), output)
  return {
    pause: () => asking.signal('SIGSTOP'),
    goOn: () => asking.signal('SIGCONT'),
    async end() {
      asking.signal('SIGINT') // tells its counts
      await asking.ended
      return read(readFileSync(output, 'utf8'), exchange)
    },
  }
}

function words(track: Track, port: number, exchange: Exchange, seconds: number): string[] {
  writeFileSync(track.file('wrk.lua'), script)
  writeFileSync(track.file('wrk.body'), exchange.body)
  writeFileSync(track.file('wrk.answer'), exchange.answer)
  return [
    ...['wrk', '-t', '1', '-c', String(connections), '-d', `${Math.max(1, Math.round(seconds))}s`, '--timeout', '30s'],
    ...['-s', track.file('wrk.lua'), `https://localhost:${port}${exchange.path}`, '--'],
    ...[exchange.method, track.file('wrk.body'), track.file('wrk.answer')],
  ]
}

function read(printed: string, exchange: Exchange): Served {
  const counts = printed.slice(printed.lastIndexOf('\n'))
  if (!counts.endsWith('}')) throw new Error(`${exchange.name}: wrk counted nothing: ${printed.trim().slice(-120)}`)
  const { requests, seconds: took, wrong, lost } = JSON.parse(counts)
  if (requests === 0 || wrong > 0 || lost > 0)
    throw new Error(`${exchange.name}: of ${requests} answers ${wrong} were wrong; ${lost} connections failed`)
  return { requests, seconds: took }
}
