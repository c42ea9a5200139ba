import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { connectKeys } from '#keys'
import type { Sql } from '../../../core/host/database.ts'
import { viewHome } from '../../../ops/appliance/home.ts'
import { connect } from '../../../ops/appliance/postgres.ts'
import { agentSocket } from '../../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../../ops/appliance.ts'
import { until } from '../../support/client.ts'
import { type RunningWitness, startWitness } from '../../support/witness.ts'
import { type Figure, percentile, type RunOptions } from '../benchmark.ts'
import { connections, playFor, seatPlayers, throughEdge } from '../bets.ts'

const turnsOfSeconds = 20
const pauseMsMax = 400 // between two events, by chance: they fall into every moment of the sealer's and the witness's pause
const lookMs = 5

/** Milliseconds from the commit of an event on, sorted. */
type Waits = { signed: number[]; witnessed: number[] }

/**
 * For how long an event can be taken out by the database's owner without a trace: from its commit to a signed checkpoint that covers it, and, against
 * somebody who also signs, to one that a witness has signed too. Seen from the database, where the witness's signature is kept once it has come back, so
 * a little later than the witness had it. In an appliance with nothing to do, and while as many bets are played as it takes.
 */
export async function unprotected(
  home: string,
  { seconds, say }: RunOptions,
): Promise<{ figures: Figure[]; conditions: Record<string, string> }> {
  const dir = mkdtempSync(join(tmpdir(), 'cr-witness-'))
  let witness: RunningWitness | undefined
  let appliance = await startAppliance({ home, freePorts: true })
  try {
    witness = await startWitness(dir, await keyOfLog(home))
    await appliance.stop()
    const logWitnesses = [{ url: witness.url, vkey: audit.vkeyOf(witness.key) }]
    writeFileSync(join(home, 'countroom.json'), JSON.stringify({ logWitnesses }))
    appliance = await startAppliance({ home, freePorts: true })
    const turn = seconds * turnsOfSeconds
    const idle = await waitsFor(home, turn)
    say(`idle: ${idle.witnessed.length} events`)
    const { waits: busy, bets } = await whilePlaying(appliance, home, turn)
    say(`at ${Math.round(bets)} bets/s: ${busy.witnessed.length} events`)
    return {
      figures: [...figuresOf('idle', idle), ...figuresOf('while bets are played', busy)],
      conditions: {
        'unprotected, conditions': `${turn} s each, sealMs 1000, a witness in a process of the same machine`,
        'unprotected, events': `${idle.witnessed.length} idle; ${busy.witnessed.length} at ${Math.round(bets)} bets/s by ${connections} players`,
      },
    }
  } finally {
    await appliance.stop()
    await witness?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

function figuresOf(when: string, waits: Waits): Figure[] {
  return (['signed', 'witnessed'] as const).flatMap((what) => [
    { name: `unprotected until ${what}, ${when}, p50`, value: percentile(waits[what], 0.5), unit: 'ms' },
    { name: `unprotected until ${what}, ${when}, p99`, value: percentile(waits[what], 0.99), unit: 'ms' },
    { name: `unprotected until ${what}, ${when}, longest`, value: waits[what].at(-1)!, unit: 'ms' },
  ])
}

async function whilePlaying(appliance: Appliance, home: string, seconds: number) {
  const way = await throughEdge(appliance, await seatPlayers(appliance))
  try {
    const [waits, { perSecond }] = await Promise.all([waitsFor(home, seconds), playFor(way, seconds)])
    return { waits, bets: perSecond }
  } finally {
    for (const caller of way.callers) caller.close()
  }
}

/** Writes events for a while, and sees what becomes of each. */
async function waitsFor(home: string, seconds: number): Promise<Waits> {
  const sql = connect(viewHome(home), 'app')
  const committed = new Map<string, number>() // by event, until it is signed
  const signed = new Map<number, number>() // by leaf, until it is witnessed
  const waits: Waits = { signed: [], witnessed: [] }
  let writing = true
  try {
    const write = async () => {
      for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs; ) {
        await pause(Math.random() * pauseMsMax)
        const id = await writeEvent(sql)
        committed.set(id, performance.now())
      }
      writing = false
    }
    const look = async () => {
      while (writing || committed.size > 0 || signed.size > 0) {
        const [head] = await sql<Array<{ witnessed: bigint }>>`
          select coalesce(max(size), 0) as witnessed from audit.cosignatures`
        const nowMs = performance.now()
        for (const [leaf, atMs] of signed)
          if (head!.witnessed > leaf && signed.delete(leaf)) waits.witnessed.push(nowMs - atMs)
        const leaves = await sql<Array<{ ref: string; index: bigint }>>`
          select ref, index from audit.leaves where kind = 'event' and ref = any(${[...committed.keys()]}::text[])`
        for (const { ref, index } of leaves) {
          signed.set(Number(index), committed.get(ref)!)
          waits.signed.push(performance.now() - committed.get(ref)!)
          committed.delete(ref)
        }
        await pause(lookMs)
      }
    }
    await Promise.all([write(), look()])
  } finally {
    await sql.end()
  }
  return { signed: waits.signed.sort(byValue), witnessed: waits.witnessed.sort(byValue) }
}

async function writeEvent(sql: Sql): Promise<string> {
  const subject = randomUUID()
  const entry = { action: 'players.viewed_in_full', subject, reason: 'bench' } as const
  return (await sql.begin(async (tx) => {
    await audit.record(tx, systemCommand('bench'), entry)
    const [row] = await tx<Array<{ id: string }>>`select id from audit.events where subject = ${subject}`
    return row!.id
  })) as string
}

async function keyOfLog(home: string): Promise<audit.NoteKey> {
  const sql = connect(viewHome(home), 'app')
  const keys = connectKeys({ socket: agentSocket(viewHome(home), 'ops') })
  try {
    const newest = await until('a first checkpoint', () => audit.keptCheckpoint(sql))
    return (await audit.ownKeys(keys, newest.origin)).at(-1)!
  } finally {
    await Promise.all([keys.close(), sql.end()])
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function byValue(one: number, other: number): number {
  return one - other
}
