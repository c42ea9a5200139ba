import type { Tx } from '#base'

const failureDays = 1 // the longest anything looks back
const deviceDays = 400 // as long as a browser keeps its cookie

/** Forgets what a player signed in with and from where, who was erased. Their sessions, which name nobody, stay. */
export async function forget(tx: Tx, player: string): Promise<void> {
  for (const table of ['credentials', 'codes', 'resets', 'devices'])
    await tx`delete from sessions.${tx(table)} where player = ${player}`
  await tx`update sessions.sign_ins set origin = null, device = null where player = ${player}`
}

/** Forgets failures nobody counts any more and devices whose cookie is gone, so that little is known of who was where. */
export async function sweep(tx: Tx, now: Date): Promise<void> {
  const before = (days: number) => new Date(now.getTime() - days * 86_400_000)
  await tx`delete from sessions.failures where at < ${before(failureDays)}`
  await tx`delete from sessions.codes where asked_at < ${before(failureDays)}`
  await tx`delete from sessions.devices where seen_at < ${before(deviceDays)}`
  await tx`update sessions.sign_ins set origin = null where at < ${before(deviceDays)} and origin is not null`
}
