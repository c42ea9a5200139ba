import * as keys from '#keys'
import type { Sql } from '../../core/host/database.ts'
import { rotatable } from '../../core/host/rotation.ts'
import { destroyFrom } from './list.ts'

/** What is due of keys, with what to do; nothing of it stops the casino, all of it makes an old secret live on. */
export type Due = { what: string; remedy: string }

const askedHoursMax = 1
const movingHoursMax = 24
/** Its rotation lasts until the last player has signed in. */
const patient: readonly string[] = ['hk-pepper']

export async function whatIsDue(sql: Sql, agent: keys.Keys, horizonDays: number, now: Date): Promise<Due[]> {
  const [entries, retired, open] = await Promise.all([agent.list(), keys.retiredEpochs(sql), keys.openRotations(sql)])
  return [...overdue(entries, now), ...stuck(open, now), ...unneeded(entries, retired, horizonDays, now)]
}

/** Active keys whose day of rotation has passed. */
export function overdue(entries: readonly keys.KeyEntry[], now: Date): Due[] {
  return entries
    .filter(({ rotateBefore }) => rotateBefore !== undefined && Date.parse(rotateBefore) < now.getTime())
    .map(({ key, family, rotateBefore }) => ({
      what: `${key} was to be rotated before ${rotateBefore?.slice(0, 10)}`,
      remedy: rotatable().includes(family)
        ? `npx countroom keys rotate ${family}`
        : 'another ceremony renews it: npx countroom keys ceremony --custodians <names> --threshold <count>',
    }))
}

function stuck(open: readonly keys.Rotation[], now: Date): Due[] {
  const hours = ({ askedAt }: keys.Rotation) => (now.getTime() - askedAt.getTime()) / 3_600_000
  return open
    .filter((rotation) => hours(rotation) > (rotation.state === 'asked' ? askedHoursMax : movingHoursMax))
    .filter(({ state, family }) => state === 'asked' || !patient.includes(family))
    .map(({ family, askedAt, state }) => ({
      what: `the rotation of ${family} asked for at ${askedAt.toISOString().slice(0, 16)}Z has not ended`,
      remedy:
        state === 'asked'
          ? `npx countroom keys rotate ${family} goes on with it`
          : 'npx countroom logs work-1 says why; ops/runbooks/keys-rotation.md',
    }))
}

function unneeded(
  entries: readonly keys.KeyEntry[],
  retired: ReadonlyMap<string, Date>,
  horizonDays: number,
  now: Date,
): Due[] {
  return entries
    .filter(({ key, state }) => {
      const since = retired.get(key)
      return since && state === 'decrypt-only' && Date.parse(destroyFrom(since, horizonDays)) < now.getTime()
    })
    .map(({ key }) => ({
      what: `no row and no backup needs ${key} any more, and while it lives the erased can be read in old backups`,
      remedy: `npx countroom keys destroy ${key}`,
    }))
}
