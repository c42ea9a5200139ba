import type { Reader } from '#base'
import * as licences from '#licences'
import { catalogue } from './catalogue.ts'
import type { Pace } from './judge.ts'
import { type LargeBounds, largeBoundsOf } from './large.ts'
import { paceOf } from './policy.ts'

/** What the licence in force says of play, as the hot path keeps it in memory. */
export type PlayRules = licences.Rules & { readonly pace: Pace; readonly large: LargeBounds }

export async function playRules(reader: Reader): Promise<PlayRules> {
  const rules = await licences.rules(reader)
  return { ...rules, pace: paceOf(rules, catalogue()), large: largeBoundsOf(rules) }
}
