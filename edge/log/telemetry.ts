import { z } from 'zod'

/** Which requests are followed through the casino, and who is told; without this section none is. */
export const telemetryConfig = z
  .strictObject({
    /** Of a collector of OTLP over HTTP; `/v1/traces` comes behind it. */
    endpoint: z.url({ protocol: /^https?$/ }),
    /** Who vouches for its certificate, where no public authority does. */
    caFile: z.string().optional(),
    /** Headers that let us in there, by name, in JSON. */
    headersFile: z.string().optional(),
    /** Which edge of which machine the spans are from. */
    instance: z.string(),
    /** Of requests whose trace begins here, this share is followed. */
    share: z.number().min(0).max(1),
  })
  .refine(({ endpoint }) => isPrivate(new URL(endpoint)), { message: 'the endpoint is https, or on loopback' })
export type TelemetryConfig = z.infer<typeof telemetryConfig>

function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}
