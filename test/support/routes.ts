import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AccessRule } from '../../core/host/access-rule.ts'
import type { FaceEnv } from '../../core/host/face.ts'
import type { Host } from '../../core/host/host.ts'
import { documentOf } from '../../core/host/openapi.ts'
import { operatorFace } from '../../core/host/operator/index.ts'
import { partnerFace } from '../../core/host/partner/index.ts'
import { playerFace } from '../../core/host/player/index.ts'
import { type Bounds, boundsOf } from './schema-bounds.ts'

const faces = { player: playerFace, operator: operatorFace, partner: partnerFace }
export const faceNames = ['player', 'operator', 'partner'] as const
export type FaceName = (typeof faceNames)[number]

type Declared = {
  requestBody?: { content?: Record<string, { schema?: object }> }
  parameters?: Array<{ in: string }>
  'x-audit-events'?: readonly string[]
  'x-audit-exception'?: string
  'x-access'?: AccessRule
}
/** `events`: the codes of what it writes into the audit log; `exception`: why it writes nothing; `access`: who may use it. */
export type Route = {
  method: string
  path: string
  events: readonly string[] | undefined
  exception: string | undefined
  access: AccessRule | undefined
  /** Where there is none, no input is wrong. */
  takesBody: boolean
  /** The content types of its body, and the most it can be. */
  bodyTypes: string[]
  bounds: Bounds
  takesQuery: boolean
}

/** Every route a face documents, from its own OpenAPI document. */
export function routesOf(face: FaceName): Route[] {
  const document = documentOf(built(face), face) as unknown as { paths: object; components?: { schemas?: object } }
  const schemas = (document.components?.schemas ?? {}) as Record<string, object>
  const find = (reference: string) => schemas[reference.replace('#/components/schemas/', '')] ?? {}
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Declared>).map(([method, operation]) => ({
      method,
      path,
      events: operation['x-audit-events'],
      exception: operation['x-audit-exception'],
      access: operation['x-access'],
      takesBody: operation.requestBody !== undefined,
      bodyTypes: Object.keys(operation.requestBody?.content ?? {}),
      bounds: boundsOf(operation.requestBody?.content?.['application/json']?.schema ?? {}, find),
      takesQuery: (operation.parameters ?? []).some((parameter) => parameter.in === 'query'),
    })),
  )
}

/** Every route a face answers, documented or not, as the router has it; what stands before all of them is not among these. */
export function answeredBy(face: FaceName): string[] {
  const patterns = built(face).routes.map(({ method, path }) => `${method} ${path.replaceAll('{.+}', '')}`)
  return [...new Set(patterns)].filter((pattern) => pattern !== 'ALL /*')
}

/** A face that is never asked anything. */
function built(face: FaceName): OpenAPIHono<FaceEnv> {
  const origin = 'https://localhost'
  const config = {
    origins: { player: origin, operator: origin, partner: origin },
    limits: {},
    audit: { witnesses: [] },
  }
  return faces[face]({ config } as unknown as Host, async () => [])
}
