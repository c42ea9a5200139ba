import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Card } from '../../ops/appliance.ts'
import { arrive, depositByCard, openClient } from '../support/client.ts'

/** Run on a machine of the lab while it stands alone: players with money; prints their cookies as JSON. */
const [home = '', count = '1'] = process.argv.slice(2)
const card = JSON.parse(readFileSync(join(home, 'run/appliance.json'), 'utf8')) as Card
const cookies: string[] = []
for (let i = 0; i < Number(count); i++) {
  const client = openClient(card.urls.lobby, { ca: card.ca, connections: 1 })
  await arrive(client, card.urls)
  await depositByCard(client, '1000.00')
  cookies.push(client.cookie)
  await client.close()
}
process.stdout.write(`${JSON.stringify(cookies)}\n`)
