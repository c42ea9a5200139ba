import { z } from 'zod'

/** Where spans go, by OTLP over HTTP; without this section none is made. */
export const telemetry = z
  .strictObject({
    /** Of a collector; `/v1/traces` comes behind it. */
    endpoint: z.url({ protocol: /^https?$/ }),
    /** Who vouches for its certificate, where no public authority does. */
    caFile: z.string().optional(),
    /** Headers that let us in there, by name, in JSON. */
    headersFile: z.string().optional(),
    /** Which process of which node the spans are from. */
    instance: z.string(),
    /** Of jobs, which no request begins, this share is followed. */
    share: z.number().min(0).max(1),
  })
  .refine(({ endpoint }) => isPrivate(new URL(endpoint)), { message: 'the endpoint is https, or on loopback' })

export type TelemetryConfig = z.infer<typeof telemetry>

function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}
