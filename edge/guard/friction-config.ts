import { z } from 'zod'

export const frictionConfig = z
  .strictObject({
    /** `failures`: networks that failed often, and those that hide where they are. */
    when: z.enum(['never', 'failures', 'always']).default('never'),
    /** The work doubles with each bit; with 15 a browser takes half a second. */
    bits: z.int().min(1).max(24).default(15),
    /** How long a challenge may be worked on. */
    seconds: z.int().min(10).max(900).default(120),
    /** A network that fails so often in so many seconds is asked for work, until it has failed less. */
    failuresMax: z.int().min(1).max(10_000).default(20),
    failuresSeconds: z.int().min(1).max(900).default(600),
  })
  .prefault({})
