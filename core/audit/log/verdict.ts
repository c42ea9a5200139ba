import type { Reader, Tx } from '#base'

/** How the log stands: `ok` when no fault was found since the last proof of the whole that held; `firstBad` names the newest that was. */
export type LogVerdict = { at: Date; ok: boolean; firstBad: string | null }

/** What somebody who looks at the log found: a fault of a subject (the log, an event, a witness), or that all of it is proven. */
export type LogFinding = { at: Date; by: string; subject: string; firstBad: string | null }

/**
 * Keeps a finding; the worker's alone. Answers false, and keeps nothing, where the same finder has told a fault of this subject since the log
 * was last proven: it is no news.
 */
export async function keepVerdict(tx: Tx, { at, by, subject, firstBad }: LogFinding): Promise<boolean> {
  const [row] = await tx<Array<{ news: boolean }>>`
    select audit.keep_verdict(${at}, ${by}, ${subject}, ${firstBad}) as news`
  return row!.news
}

/** Undefined before anybody has looked. */
export async function lastVerdict(reader: Reader): Promise<LogVerdict | undefined> {
  const [last] = await reader<LogVerdict[]>`
    select at, first_bad is null as ok, first_bad as "firstBad" from audit.verdicts order by id desc limit 1`
  return last
}
