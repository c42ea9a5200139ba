import { z } from 'zod'

/** `telemetry` in the settings: a collector of OpenTelemetry that hears of requests (traces) and of figures (metrics), by OTLP over HTTP. */
export const telemetrySettings = z
  .strictObject({
    otlp: z.strictObject({
      /** Of the collector; `/v1/traces` and `/v1/metrics` come behind it. */
      endpoint: z.url({ protocol: /^https?$/ }),
      /** Who vouches for its certificate, where no public authority does. */
      caFile: z.string().startsWith('/').optional(),
      /** Headers that let us in there, a `name: value` a line, of who starts the appliance alone. */
      headersFile: z.string().startsWith('/').optional(),
    }),
    /** Of requests, and of jobs, this share is followed. */
    traces: z.strictObject({ share: z.number().min(0).max(1).default(0.01) }).prefault({}),
    /** Null: none are sent. */
    metrics: z
      .strictObject({ everySeconds: z.int().min(1).max(3600).default(60) })
      .nullable()
      .prefault({}),
  })
  .refine(({ otlp }) => isPrivate(new URL(otlp.endpoint)), { message: 'the endpoint is https, or on loopback' })
  .refine(({ otlp }) => new URL(otlp.endpoint).username === '', {
    message: 'a secret is for headersFile, not for the endpoint',
  })

function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}
