import { z } from 'zod'
import { faces } from '../faces.ts'
import { routeClasses } from '../route.ts'

const oneDaySeconds = 86_400

/** One limit: so many requests of these classes in a window, for each of those it counts by. */
const rule = z
  .strictObject({
    /** As clients and metrics are told it. */
    name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    /**
     * `player`: with all their sign-ins; a sign-in counts by itself until its first answer, and that of a member of staff always. `session`: each
     * sign-in by itself, by its cookie. `token`: of a machine, by its access token.
     */
    by: z.enum(['network', 'player', 'session', 'token']),
    faces: z
      .array(z.enum(faces))
      .min(1)
      .default([...faces]),
    /** Without them, every class. */
    classes: z.array(z.enum(routeClasses)).min(1).optional(),
    quota: z.int().min(1).max(1_000_000),
    windowSeconds: z.int().min(1).max(oneDaySeconds),
    /** How many may come at once; without it, the quota. */
    burst: z.int().min(1).max(1_000_000).optional(),
    /** Decided for all hosts together before it is let in, and by a small part of the quota while they cannot talk. */
    strict: z.boolean().default(false),
    /** Counts and tells the metrics whom it would refuse, and refuses nobody. */
    shadow: z.boolean().default(false),
  })
  .refine(({ quota, windowSeconds }) => quota / windowSeconds <= 100_000, {
    message: 'more than 100,000 a second is no limit',
  })

/**
 * What holds unless an operator says otherwise. A network may be a whole town behind one address, so its limits are wide; what guesses at
 * an account is stopped by the account's own lock in the casino.
 */
const usual: Array<z.input<typeof rule>> = [
  { name: 'network', by: 'network', quota: 4000, windowSeconds: 1, burst: 8000 },
  { name: 'player', by: 'player', quota: 2000, windowSeconds: 1, burst: 4000 },
  { name: 'token', by: 'token', quota: 2000, windowSeconds: 1, burst: 4000 },
  {
    name: 'sign-in',
    by: 'network',
    faces: ['player', 'operator'],
    classes: ['sign-in', 'code'],
    quota: 3000,
    windowSeconds: 60,
    strict: true,
  },
  {
    name: 'withdrawal',
    by: 'player',
    faces: ['player'],
    classes: ['withdrawal'],
    quota: 60,
    windowSeconds: 60,
    strict: true,
  },
  { name: 'report', by: 'player', classes: ['report'], quota: 1200, windowSeconds: 60 },
]

export const rules = z
  .array(rule)
  .max(32)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, { message: 'two rules have one name' })
  .prefault(usual)

export type Rule = z.output<typeof rule>
