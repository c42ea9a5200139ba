import { Counter, Gauge } from 'prom-client'
import * as audit from '#audit'
import type { Host } from './host.ts'
import { tellFault } from './log-proof.ts'

type WitnessHost = Pick<Host, 'sql' | 'keys' | 'log' | 'now' | 'config'>
type Witness = { url: string; key: audit.NoteKey }
/** How an asking ended: signed, nothing new to sign, away (it did not answer), or refused: it saw another log than this. */
export type Asked = { outcome: 'signed' | 'current' | 'away' | 'refused'; said?: string }

const askSecondsMax = 5
const answerBytesMax = 16_384
const pauseMsMax = 30_000

const witnessed = new Gauge({
  name: 'countroom_audit_witnessed_size',
  help: 'Leaves of the audit log under the newest checkpoint that a witness signed.',
  labelNames: ['witness'],
})
const refusals = new Counter({
  name: 'countroom_audit_witness_refusals_total',
  help: 'Checkpoints that a witness would not sign: it saw another log than this one.',
  labelNames: ['witness'],
})

/** The keys of the witnesses of the config: whose signatures are handed on. */
export function witnessKeys({ config }: Pick<Host, 'config'>): audit.NoteKey[] {
  return config.audit.witnesses.map(({ vkey }) => audit.readVkey(vkey))
}

/** Has every witness of the config sign each newest checkpoint; one that does not answer is asked again, ever more slowly. */
export function startWitnessing(host: WitnessHost): { stop(): Promise<void> } {
  const loops = host.config.audit.witnesses.map(({ url, vkey }) =>
    witnessLoop(host, { url, key: audit.readVkey(vkey) }),
  )
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}

function witnessLoop(host: WitnessHost, witness: Witness) {
  let pauseMs = host.config.audit.sealMs
  let said: string | undefined
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  refusals.inc({ witness: witness.key.name }, 0)
  const run = async () => {
    const asked = await askWitness(host, witness).catch(
      (error: Error): Asked => ({ outcome: 'away', said: error.message }),
    )
    if (asked.outcome === 'refused') await tell(asked)
    if (asked.outcome === 'away' && asked.said !== said)
      host.log.warn({ witness: witness.key.name, reason: asked.said }, 'a witness does not answer')
    said = asked.said
    const well = asked.outcome === 'signed' || asked.outcome === 'current'
    pauseMs = well ? host.config.audit.sealMs : Math.min(pauseMs * 2, pauseMsMax)
    next()
  }
  const tell = async (asked: Asked) => {
    refusals.inc({ witness: witness.key.name })
    const news = asked.said !== said
    const { name } = witness.key
    if (news) host.log.error({ witness: name, reason: asked.said }, 'a witness saw another log than this one')
    await tellFault(host, { by: 'audit.witness', subject: name, firstBad: asked.said ?? '' }).catch((error: Error) => {
      if (news)
        host.log.error({ err: error }, 'the refusal of a witness could not be written down; it will be tried again')
    })
  }
  const next = () => {
    if (!stopped) timer = setTimeout(() => (running = run()), pauseMs)
  }
  next()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/**
 * Asks one witness to sign the newest checkpoint, if it has not; again when it knows another size than we thought, or the key that signs now
 * not yet: that is shown to it by the word of the key before.
 */
export async function askWitness(host: Pick<Host, 'sql' | 'keys'>, witness: Witness): Promise<Asked> {
  const { key } = witness
  const url = witness.url.replace(/\/$/, '')
  const newest = await audit.keptCheckpoint(host.sql)
  let known = await audit.witnessedSize(host.sql, key)
  witnessed.set({ witness: key.name }, known)
  if (!newest || newest.size === known) return { outcome: 'current' }
  let shown = false
  for (let attempt = 0; attempt < 3; attempt++) {
    const answer = await post(`${url}/add-checkpoint`, await audit.witnessRequest(host.sql, known, newest))
    if (answer.status === 200) {
      const cosignature = audit.cosignatureIn(answer.text, newest.note, key)
      if (!cosignature) return { outcome: 'away', said: 'it answered without a signature of its own' }
      await audit.keepCosignature(host.sql, newest, key, cosignature)
      witnessed.set({ witness: key.name }, newest.size)
      return { outcome: 'signed' }
    }
    if (answer.status === 403 && !shown) {
      shown = true
      for (const note of await audit.handovers(host.keys, newest.origin)) await post(`${url}/add-handover`, note)
      continue
    }
    const size = /^(0|[1-9]\d{0,15})\n$/.exec(answer.text)?.[1]
    if (answer.status !== 409 || size === undefined)
      return {
        outcome: answer.status < 500 ? 'refused' : 'away',
        said: `it answered ${answer.status} to the tree of ${newest.size} leaves`,
      }
    known = Number(size)
    if (known > newest.size)
      return {
        outcome: 'refused',
        said: `it saw ${known} leaves, and the log has ${newest.size}: leaf ${newest.size} is missing`,
      }
  }
  return { outcome: 'away', said: 'it changes its mind about what it saw' }
}

async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    redirect: 'error',
    signal: AbortSignal.timeout(askSecondsMax * 1000),
  })
  const text = await answer.text()
  if (text.length > answerBytesMax) throw new Error('it answered too much')
  return { status: answer.status, text }
}
