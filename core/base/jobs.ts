import type { Tx } from './command.ts'

/** A job as data: its queue's name and ids it needs. Never secrets or personal data: rows outlive what they name. */
export type Job = {
  readonly queue: string
  readonly data: Record<string, unknown>
  readonly startAfter?: Date
  readonly onceKey?: string
}

type Enqueuer = (tx: Tx, job: Job) => Promise<void>

let enqueuer: Enqueuer | undefined

/** The host hands in the queue engine at start; rooms only ever see `enqueue`. */
export function provideQueue(engine: Enqueuer): void {
  enqueuer = engine
}

/** Asks for work later, in the caller's transaction: the job exists if and only if the transaction commits. */
export async function enqueue(tx: Tx, job: Job): Promise<void> {
  if (!enqueuer) throw new Error('no queue engine was provided')
  await enqueuer(tx, job)
}
