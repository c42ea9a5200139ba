import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { pino } from 'pino'
import { collectDefaultMetrics, register } from 'prom-client'
import { z } from 'zod'
import { createGateway } from './gateway.ts'
import { startMail } from './mail.ts'
import { createTelephone } from './telephone.ts'
import { sandboxWeb } from './web.ts'

/** Plays the outside parties over their real protocols: a payment gateway and a telephone carrier by signed HTTP, a mail server by SMTP. */
const address = z.strictObject({ host: z.string(), port: z.int() })
const config = z
  .looseObject({
    name: z.string(),
    listen: z.strictObject({ web: address, smtp: address, metrics: address }),
    partner: z.strictObject({ url: z.url(), caFile: z.string() }),
    /** Where reports of delivery go. */
    bounces: address,
    gateway: z.strictObject({ secretFile: z.string() }),
    carrier: z.strictObject({ secretFile: z.string(), receiptSecretFile: z.string() }),
  })
  .parse(JSON.parse(readFileSync(parseArgs({ options: { config: { type: 'string' } } }).values.config ?? '', 'utf8')))

const log = pino({ name: config.name, base: { name: config.name }, timestamp: pino.stdTimeFunctions.isoTime })
collectDefaultMetrics({ labels: { process: config.name } })
const warn = (line: object, text: string) => log.warn(line, text)
const { partner } = config
const gateway = createGateway({ secret: secretOf(config.gateway.secretFile), partner, log: warn })
const telephone = createTelephone({
  secret: secretOf(config.carrier.secretFile),
  receiptSecret: secretOf(config.carrier.receiptSecretFile),
  partner,
  log: warn,
})
const mail = await startMail(config.listen.smtp, config.bounces, warn)
const web = await listen(
  sandboxWeb(gateway, telephone, mail.inbox, `http://${config.listen.web.host}:${config.listen.web.port}`),
  config.listen.web,
)
const management = new Hono()
management.get('/health/live', (c) => c.json({ live: true }))
management.get('/health/ready', (c) => c.json({ ready: true, missing: [] }))
management.get('/metrics', async (c) => c.body(await register.metrics(), 200, { 'content-type': register.contentType }))
const metrics = await listen(management, config.listen.metrics)
log.info({ listen: config.listen }, 'sandbox serves')

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, async () => {
    for (const server of [web, metrics]) {
      server.close()
      server.closeAllConnections()
    }
    await mail.close()
    process.exit(0)
  })

/** The first of those in the file. */
function secretOf(file: string): string {
  return readFileSync(file, 'utf8').trim().split(/\s+/)[0] ?? ''
}

function listen(app: Hono, { host, port }: { host: string; port: number }) {
  const server = createServer(getRequestListener(app.fetch))
  return new Promise<typeof server>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
