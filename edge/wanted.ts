import { z } from 'zod'
import { isNetwork } from './visitors/network-list.ts'

/** What an operator may wish of an edge, where the rest of a section is the matter of whoever puts it up. */

/** A certificate with its issuers, and its private key. */
export const pair = z.strictObject({ cert: z.string(), key: z.string() })

/** Networks of proxies that say for whom they connect (PROXY protocol, 1 and 2). */
export const proxies = z.array(z.union([z.cidrv4(), z.cidrv6()]))

/** Networks that a face is open to, and to no other; an address stands for itself. */
export const networks = z
  .array(z.string().refine(isNetwork, { error: ({ input }) => `${JSON.stringify(input)} is no network` }))
  .min(1, 'a list without networks would let nobody in')
  .max(1000)

/** A certificate of the player's face by ACME, for these names besides the usual one. */
export const acmeWanted = z.strictObject({
  /** Of the authority. */
  directory: z.url({ protocol: /^https$/ }),
  /** Where its own certificate is none that the system believes. */
  caFile: z.string().optional(),
  contact: z.email().optional(),
  names: z.array(z.hostname()).min(1).max(100),
  /** How names are proven: over plain HTTP on port 80, or in a handshake on port 443, which the player's face then is to the world. */
  proof: z.enum(['http-01', 'tls-alpn-01']).default('http-01'),
  /** The part of a certificate's life after which there is another. */
  renewAfter: z
    .number()
    .min(0.1)
    .max(0.95)
    .default(2 / 3),
})

/** How long tickets of TLS sessions are sealed under one key. */
export const ticketsWanted = z.strictObject({
  epochSeconds: z
    .int()
    .min(60)
    .max(86_400)
    .default(4 * 3600),
})
