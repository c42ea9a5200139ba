import { randomUUID } from 'node:crypto'
import { request } from 'node:https'
import { viewHome } from '../../ops/appliance/home.ts'
import { showing } from '../../ops/appliance/showing.ts'

/** Run on a machine of the lab: bets at that machine's own core, whatever the cluster thinks of it, as an edge would; a line for each answer. */
export type BettorTask = { edgeHome: string; core: string; host: string; port: number; cookie: string }

/** One bet there; times in milliseconds since 1970. */
export type LocalBet = { key: string; askedAt: number; answeredAt: number; said: string; round?: string }

const everyMs = 400

const { edgeHome, core, host, port, cookie } = JSON.parse(process.argv[2]!) as BettorTask
const tls = showing(viewHome(edgeHome), 'edge', { name: core, role: 'core' })
for (;;) {
  const key = randomUUID()
  const askedAt = Date.now()
  const answer = await bet(key).catch((error: Error) => ({ said: error.message }))
  process.stdout.write(`${JSON.stringify({ key, askedAt, answeredAt: Date.now(), ...answer } satisfies LocalBet)}\n`)
  await new Promise((resolve) => setTimeout(resolve, everyMs))
}

function bet(key: string): Promise<{ said: string; round?: string }> {
  const body = JSON.stringify({ bets: [{ on: 'red', amount: '0.10' }] })
  const headers = {
    cookie,
    host: 'localhost:8443',
    origin: 'https://localhost:8443',
    'content-type': 'application/json',
    'content-length': String(body.length),
    'idempotency-key': key,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'localhost:8443',
  }
  const path = '/api/games/roulette-european/rounds'
  return new Promise((resolve, reject) => {
    const question = request({ ...tls, host, port, path, method: 'POST', headers, agent: false, timeout: 15_000 })
    question.on('timeout', () => question.destroy(new Error('no answer within 15 s')))
    question.on('error', reject)
    question.on('response', async (answer) => {
      const parts: Buffer[] = []
      try {
        for await (const part of answer) parts.push(part as Buffer)
        const text = Buffer.concat(parts).toString()
        const said = `${answer.statusCode} ${/"code":"([^"]+)"/.exec(text)?.[1] ?? ''}`.trim()
        resolve(answer.statusCode === 200 ? { said, round: (JSON.parse(text) as { round: string }).round } : { said })
      } catch (error) {
        reject(error as Error)
      }
    })
    question.end(body)
  })
}
