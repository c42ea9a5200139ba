import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { agentsOf, observe } from './observe.ts'
import { askPatroni, type PatroniAnswer } from './patroni.ts'

const instant = z.iso.datetime()

/** What became of the books: see `answerForSite`. */
const answered = z.object({
  /** Of the promotion. */
  id: z.string(),
  at: instant,
  by: z.string(),
  /** By the first site's clock; what it acknowledged later is lost. */
  lastCommit: instant.nullable(),
  heardAt: instant.nullable(),
  /** The cores whose memories were shown, and until when each had looked. */
  cores: z.array(z.object({ core: z.string(), at: instant, ended: z.boolean() })),
  /** Whether these reach to the last commit: what is older shows nothing. */
  reached: z.boolean(),
  missing: z.int(),
  frozen: z.boolean(),
})

/**
 * What whoever promotes a site decides: who, what its cores remember, and why what is missing may be missing. It stands in the configuration that the
 * agents of this site share, set by the word that lets it lead: no node of it leads without, whichever of them was asked.
 */
const promotion = z.object({
  /** By which the audit log knows this promotion from others of the same casino: the same for all who promote this site at once. */
  id: z.string(),
  at: instant,
  by: z.string(),
  reason: z.string().optional(),
  lastCommit: instant.nullable(),
  heardAt: instant.nullable(),
  memories: z
    .object({
      cores: answered.shape.cores,
      heads: z.array(z.object({ lane: z.int(), batch: z.coerce.bigint(), digest: z.string() })),
    })
    .optional(),
})

export type Answered = z.infer<typeof answered>
export type Promotion = z.infer<typeof promotion>

/** What the agents keep, each as one text: of objects they would merge an older one with a newer. */
const kept = z.object({ promotion: text(promotion).optional(), promoted: text(answered).optional() })

const lookedMax = 30

/** Lets this site lead, and says by whose decision, in one word to the agent of the node that follows. */
export function tellPromotion(home: Home, node: string, decided: Promotion): Promise<PatroniAnswer> {
  const agent = agentsOf(home).find(({ name }) => name === node)!
  return askPatroni(home, agent, 'PATCH', '/config', { standby_cluster: null, promotion: textOf(decided) })
}

/**
 * The promotion of this site and what was answered for it, as the agent of its primary has them: that one knew the promotion before it led. Where somebody
 * let this site lead by other means, what `otherwise` says is kept as one.
 *
 * @throws Trouble when nobody leads or answers
 */
export async function toldPromotion(
  home: Home,
  otherwise: Promotion,
): Promise<{ promotion: Promotion; answered: Answered | undefined }> {
  for (let looked = 0; looked < lookedMax; looked++) {
    const agent = await primary(home)
    const answer = agent && (await askPatroni(home, agent, 'GET', '/config'))
    if (answer?.status === 200) {
      const { promotion: found, promoted } = kept.parse(JSON.parse(answer.body ?? '{}'))
      if (found) return { promotion: found, answered: promoted?.id === found.id ? promoted : undefined }
      await askPatroni(home, agent!, 'PATCH', '/config', { promotion: textOf(otherwise) })
    }
    await setTimeout(300) // an agent answers from what it read last
  }
  throw new Trouble('Nobody leads here who could say by whose decision.', {
    setting: '"cluster" in countroom.json',
    remedy: 'npx countroom cluster status; npx countroom logs patroni; ops/runbooks/second-site.md',
  })
}

/** For nodes that come when the audit log has put the event away. */
export async function keepAnswer(home: Home, found: Answered): Promise<void> {
  const agent = await primary(home)
  if (agent) await askPatroni(home, agent, 'PATCH', '/config', { promoted: textOf(found) })
}

async function primary(home: Home) {
  const leader = (await observe(home).catch(() => [])).find(({ role }) => role === 'primary')
  return agentsOf(home).find(({ name }) => name === leader?.name)
}

function text<T extends z.ZodType>(content: T) {
  return z
    .string()
    .transform((each) => JSON.parse(each) as unknown)
    .pipe(content)
}

function textOf(value: object): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
