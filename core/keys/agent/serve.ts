import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { Counter } from 'prom-client'
import { startManagement } from '../../host/management.ts'
import type { Request } from '../frames.ts'
import { openAdmission } from './admission.ts'
import { openAnswers } from './answer.ts'
import { readAgentConfig } from './config.ts'
import { openJournal } from './journal.ts'
import { openKeyring } from './keyring.ts'
import { ModuleLost, openModule, PinRefused } from './module.ts'
import { readPin } from './pin.ts'
import { probe } from './probe.ts'
import { AgentRefusal } from './refusal.ts'
import type { Role } from './roles.ts'
import { openSockets } from './sockets.ts'
import { openToken } from './token.ts'

/** The key agent: the only process that loads a PKCS#11 module and knows its PIN. One Unix socket per role. */
const config = readAgentConfig(parseArgs({ options: { config: { type: 'string' } } }).values.config ?? '')
const log = pino({
  name: config.name,
  level: config.log.level,
  base: { name: config.name },
  timestamp: pino.stdTimeFunctions.isoTime,
})
/** Nobody may start us again with this PIN: after a few tries a token locks itself (sysexits.h, EX_CONFIG). */
const wrongPinExitCode = 78
const refusalLogged = new Map<Role, number>()
let serves = false
const ready = async () => (serves ? [] : ['sockets'])
const operations = new Counter({
  name: 'countroom_keys_operations_total',
  help: 'Operations asked of the key agent.',
  labelNames: ['role', 'operation', 'outcome'],
})

try {
  await serve()
} catch (error) {
  log.fatal({ err: error }, 'the key agent does not start')
  process.exit(error instanceof PinRefused ? wrongPinExitCode : 1)
}

async function serve(): Promise<void> {
  const now = () => new Date()
  if (config.module.softhsmConf) process.env.SOFTHSM2_CONF = config.module.softhsmConf
  const module = openModule({
    path: config.module.path,
    initArgs: config.module.initArgs,
    token: config.token,
    pin: await readPin(config.pin),
    // Where there is a register there was a token: an empty one in its place is damage.
    soPin:
      config.soPin && !existsSync(join(config.stateDir, 'register.json')) ? await readPin(config.soPin) : undefined,
  })
  const token = openToken(module)
  const journal = openJournal(join(config.stateDir, 'journal.jsonl'), now)
  const { canServe, mechanismFor, wrap, edwards, lacks } = probe(module, config.wrap)
  const keyring = openKeyring({ ...config, token, journal, mechanismFor, now })
  const roots = () =>
    keyring.state().entries.filter(({ family, state }) => family === 'sk-ca-root' && state !== 'destroyed')
  const admission = openAdmission({ roots, listFile: config.clients.crl, now })
  const { metrics } = config.listen
  // First what may find its place taken: whoever finds our sockets is served.
  const management = metrics && (await startManagement({ ...metrics, name: config.name, ready }))
  const sockets = openSockets(openAnswers({ token, keyring, journal, canServe, now }), told, admission)
  await Promise.all(Object.entries(config.sockets).map(([role, path]) => sockets.open(role as Role, path)))
  serves = true
  log.info({ module: config.module.path, wrap, edwards, lacks, keys: keyring.list().length }, 'key agent serves')

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, async () => {
      sockets.close()
      await management?.close()
      module.close()
      process.exit(0)
    })
}

/** Counts what became of a request, and says what the asker is told of an error. */
function told(role: Role, request: Request, error: unknown) {
  if (error === undefined) {
    operations.inc({ role, operation: request.op, outcome: 'done' })
    return undefined
  }
  if (error instanceof ModuleLost) {
    // Whoever started us starts us again, with a module that is loaded anew.
    log.fatal({ role, operation: request.op, err: error }, 'the module is lost')
    process.exit(1)
  }
  const refused = error instanceof AgentRefusal
  operations.inc({ role, operation: refused ? 'refused' : request.op, outcome: refused ? 'refused' : 'failed' })
  if (!refused) {
    log.error({ role, operation: request.op, err: error }, 'the module failed')
    return { code: 'keys.module_failed', message: 'the module failed' }
  }
  // One line a second and role: the metric counts them all, and a log is no place to fill a disk from.
  if (performance.now() - (refusalLogged.get(role) ?? Number.NEGATIVE_INFINITY) > 1000) {
    refusalLogged.set(role, performance.now())
    const { code, message } = error
    log.warn({ role, code, ...(code === 'keys.not_admitted' ? { reason: message } : {}) }, 'refused')
  }
  return { code: error.code, message: error.message, ...(error.kind ? { kind: error.kind } : {}) }
}
