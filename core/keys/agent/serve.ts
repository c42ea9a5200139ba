import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { Counter } from 'prom-client'
import { z } from 'zod'
import { startManagement } from '../../host/management.ts'
import { frameReader, type Request, type Response } from '../frames.ts'
import { AgentRefusal, answer } from './answer.ts'
import type { Role } from './catalogue.ts'
import { openToken, type Token } from './token.ts'

/** The key agent: the only process that loads a PKCS#11 module and knows its PIN. One Unix socket per role. */
const config = z
  .strictObject({
    name: z.string(),
    home: z.string(),
    module: z.string(),
    tokenLabel: z.string(),
    pinFile: z.string(),
    soPinFile: z.string(),
    softhsmConf: z.string().optional(),
    sockets: z.strictObject({ core: z.string(), work: z.string(), ops: z.string() }),
    listen: z.strictObject({ metrics: z.strictObject({ host: z.string(), port: z.int() }) }),
    log: z.strictObject({ level: z.string().default('info') }).prefault({}),
  })
  .parse(JSON.parse(readFileSync(parseArgs({ options: { config: { type: 'string' } } }).values.config ?? '', 'utf8')))

const log = pino({
  name: config.name,
  level: config.log.level,
  base: { name: config.name },
  timestamp: pino.stdTimeFunctions.isoTime,
})
const operations = new Counter({
  name: 'countroom_keys_operations_total',
  help: 'Operations asked of the key agent.',
  labelNames: ['role', 'operation', 'outcome'],
})

if (config.softhsmConf) process.env.SOFTHSM2_CONF = config.softhsmConf
const token = openToken({
  module: config.module,
  label: config.tokenLabel,
  pin: readFileSync(config.pinFile, 'utf8').trim(),
  soPin: readFileSync(config.soPinFile, 'utf8').trim(),
})
const servers = (Object.entries(config.sockets) as Array<[Role, string]>).map(([role, path]) =>
  listen(token, role, path),
)
const connections = new Set<Socket>()
const management = await startManagement({ ...config.listen.metrics, name: config.name, ready: async () => [] })
log.info({ module: config.module, token: config.tokenLabel }, 'key agent serves')

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, async () => {
    for (const server of servers) server.close()
    for (const connection of connections) connection.end()
    await management.close()
    token.close()
    process.exit(0)
  })

function listen(token: Token, role: Role, path: string): Server {
  rmSync(path, { force: true })
  const before = process.umask(0o117) // 0660: the role's group may connect, nobody else
  const server = createServer((socket) => serve(token, role, socket)).listen(path, () => chmodSync(path, 0o660))
  process.umask(before)
  return server
}

function serve(token: Token, role: Role, socket: Socket): void {
  connections.add(socket)
  socket.on('close', () => connections.delete(socket))
  socket.on('error', () => socket.destroy())
  const hear = frameReader<Request>((request) => socket.write(`${JSON.stringify(respond(token, role, request))}\n`))
  socket.on('data', (chunk: Buffer) => {
    try {
      hear(chunk)
    } catch {
      socket.destroy()
    }
  })
}

function respond(token: Token, role: Role, request: Request): Response {
  try {
    const ok = answer(token, role, request)
    operations.inc({ role, operation: request.op, outcome: 'done' })
    return { id: request.id, ok }
  } catch (error) {
    const refused = error instanceof AgentRefusal
    operations.inc({ role, operation: refused ? 'refused' : request.op, outcome: refused ? 'refused' : 'failed' })
    if (refused) log.warn({ role, code: error.code }, 'refused')
    else log.error({ role, operation: request.op, err: error }, 'the module failed')
    return {
      id: request.id,
      error: refused
        ? { code: error.code, message: error.message }
        : { code: 'keys.module_failed', message: 'the module failed' },
    }
  }
}
