import { type Account, compare, play } from './journal.ts'
import type { Lab } from './lab.ts'
import { type Latency, latencyOf } from './latency.ts'
import { type LocalWrite, lostWrites, openLocals, secondWriters } from './locals.ts'
import type { Trial } from './trials.ts'

export type Outcome = {
  trial: Trial
  account: Account
  /** Of what players and those who sat at the nodes had been told. */
  lost: string[]
  doubled: string[]
  /** Undefined when the ledger proves, else what contradicts. */
  books: string | undefined
  latency: Latency
  proof: string
  /** Between the fault and its healing. */
  seconds: number
  /** When the fault was made, in milliseconds since 1970. */
  struckAt: number
  /** Who led when, from the fault on. */
  timeline: Array<{ seconds: number; leads: string }>
  /** Of the database, before the fault and when all is settled: another leads on another. */
  timelines: readonly [before: number, after: number]
  /** From the fault until everybody is where they were. */
  settledSeconds: number
  /** Writes that a server acknowledged after another had taken over. */
  secondWriters: LocalWrite[]
  /** Of those who sat at the machine that reached nobody, from a second after the cut until its healing. */
  cutOff: { asked: number; acknowledged: string[] } | undefined
}

/** What was on its way back when the cable came out. */
const underWayMs = 1000

/** Lets people play, strikes, heals, waits until all is settled and some time more, and only then asks the books. */
export async function run(lab: Lab, trial: Trial, perSecond: number): Promise<Outcome> {
  const before = timelineOf(await lab.settled())
  const played = play(lab, perSecond)
  await played.warm()
  const locals = await openLocals(lab)
  await pause(5)
  const struckMs = played.elapsedMs()
  const struckAt = Date.now()
  const since = () => (played.elapsedMs() - struckMs) / 1000
  const watched = watch(lab, since)
  const { proof, heal, cutOff } = await trial.strike(lab)
  const struckForCertain = Date.now()
  const seconds = drawn(trial.seconds)
  await pause(seconds)
  const healedAt = Date.now()
  await heal?.()
  const after = timelineOf(await lab.settled(180))
  const settledSeconds = since()
  await pause(6)
  const account = await played.stop()
  const { writes, bets } = await locals.stop()
  const told = bets.flatMap(({ key, round }) => (round === undefined ? [] : [[key, round] as const]))
  const acknowledged = new Map([...account.acknowledged, ...told])
  const booked = await compare(lab.nodes[0]!.home, { ...account, acknowledged }) // asked of whoever leads
  const asked = [
    ...writes.map(({ id, timeline, ...rest }) => ({ ...rest, key: id, acknowledged: timeline !== undefined })),
    ...bets.map(({ round, ...rest }) => ({ ...rest, acknowledged: round !== undefined })),
  ]
  const meanwhile = asked.filter(
    ({ node, answeredAt }) =>
      node === cutOff?.number && answeredAt > struckForCertain + underWayMs && answeredAt < healedAt,
  )
  return {
    trial,
    account,
    lost: [...booked.lost, ...(await lostWrites(lab, writes))],
    doubled: booked.doubled,
    books: contradictionOf(lab),
    latency: latencyOf(account, struckMs),
    proof,
    seconds,
    struckAt,
    settledSeconds,
    timeline: await watched.stop(),
    timelines: [before, after],
    secondWriters: secondWriters(writes),
    cutOff: cutOff && {
      asked: meanwhile.length,
      acknowledged: meanwhile.filter(({ acknowledged }) => acknowledged).map(({ key }) => key),
    },
  }
}

function drawn(seconds: Trial['seconds']): number {
  if (typeof seconds === 'number') return seconds
  const [least, most] = seconds
  return Math.round(least + Math.random() * (most - least))
}

function timelineOf(members: Awaited<ReturnType<Lab['members']>>): number {
  return members.find(({ role }) => role === 'primary')?.timeline ?? Number.NaN
}

/** Of what is new since the last proof, asked at a node that need not lead. */
function contradictionOf(lab: Lab): string | undefined {
  try {
    lab.nodes[1]!.countroom('verify', 'ledger', '--incremental', '--json')
    return undefined
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string }
    return (stdout || message).slice(0, 400)
  }
}

/** Notes whenever another leads, or nobody. */
function watch(lab: Lab, since: () => number): { stop(): Promise<Outcome['timeline']> } {
  const timeline: Outcome['timeline'] = []
  let watching = true
  const done = (async () => {
    while (watching) {
      const primary = (await lab.members()).find(({ role, state }) => role === 'primary' && state === 'running')
      const leads = primary?.name ?? 'nobody'
      if (leads !== timeline.at(-1)?.leads) timeline.push({ seconds: since(), leads })
      await pause(0.5)
    }
  })()
  return {
    async stop() {
      watching = false
      await done
      return timeline
    },
  }
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
