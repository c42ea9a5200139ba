import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { homeDirectory, viewHome } from '../../ops/appliance/home.ts'
import { cardOf } from '../../ops/appliance/running.ts'
import { tell } from '../../ops/appliance/trouble.ts'
import { startAppliance } from '../../ops/appliance.ts'
import { runLoad } from './engine.ts'
import { secondsOf } from './scenario.ts'
import { printSummary } from './summary.ts'
import { judge } from './tally.ts'

/** What k6 ends with when a threshold is crossed. */
const thresholdExitCode = 99

type Target = { environment: Record<string, string>; caFile?: string; stop(): Promise<void> }

/** `npm run load`: the k6 script without k6, against the appliance of COUNTROOM_HOME, LOBBY and INBOX, or one of its own. */
try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      vus: { type: 'string' },
      duration: { type: 'string' },
      env: { type: 'string', short: 'e', multiple: true },
    },
  })
  const target = await findTarget()
  try {
    const given = (values.env ?? []).map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)])
    process.stdout.write(`  target ${target.environment.LOBBY}\n`)
    const { options, tally, seconds } = await runLoad({
      script: positionals[0] ?? join(import.meta.dirname, 'play.js'),
      environment: { ...target.environment, ...Object.fromEntries(given) },
      ...(target.caFile ? { caFile: target.caFile } : {}),
      ...(values.vus ? { vus: Number(values.vus) } : {}),
      ...(values.duration ? { seconds: secondsOf(values.duration) } : {}),
    })
    const judged = judge(tally, options.thresholds ?? {})
    process.stdout.write(printSummary(tally, judged, seconds))
    process.exitCode = judged.every(({ passed }) => passed) ? 0 : thresholdExitCode
  } finally {
    await target.stop()
  }
} catch (error) {
  process.stderr.write(`\n${tell(error)}\n`)
  process.exitCode = 1
}

async function findTarget(): Promise<Target> {
  const { LOBBY, INBOX, SSL_CERT_FILE } = process.env
  if (LOBBY && INBOX)
    return { environment: { LOBBY, INBOX }, ...(SSL_CERT_FILE ? { caFile: SSL_CERT_FILE } : {}), stop: async () => {} }
  const running = cardOf(viewHome(homeDirectory()))
  if (running) return { ...targetOf(running), stop: async () => {} }
  process.stdout.write('  no appliance runs here; one for this run starts on free ports …\n')
  const parent = mkdtempSync(join(tmpdir(), 'cr-load-'))
  rmSync(parent, { recursive: true }) // its name is enough: the appliance makes its home, for the user it runs as
  const appliance = await startAppliance({ home: parent, freePorts: true })
  return {
    ...targetOf(appliance.card()),
    async stop() {
      await appliance.stop()
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

function targetOf(card: { urls: { lobby: string; inbox: string }; ca: string }) {
  return { environment: { LOBBY: card.urls.lobby, INBOX: card.urls.inbox }, caFile: card.ca }
}
