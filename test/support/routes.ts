import type { Host } from '../../core/host/host.ts'
import { documentOf } from '../../core/host/openapi.ts'
import { operatorFace } from '../../core/host/operator/index.ts'
import { partnerFace } from '../../core/host/partner/index.ts'
import { playerFace } from '../../core/host/player/index.ts'

const faces = { player: playerFace, operator: operatorFace, partner: partnerFace }

type Declared = { 'x-audit-events'?: readonly string[]; 'x-audit-exception'?: string }
/** `events`: the codes of what it writes into the audit log; `exception`: why it writes nothing. */
export type Route = {
  method: string
  path: string
  events: readonly string[] | undefined
  exception: string | undefined
}

/** Every route a face documents, from its own OpenAPI document; a face is built for it and never asked anything. */
export function routesOf(face: keyof typeof faces): Route[] {
  const origin = 'https://localhost'
  const config = {
    origins: { player: origin, operator: origin, partner: origin },
    limits: {},
    audit: { witnesses: [] },
  }
  const app = faces[face]({ config } as unknown as Host, async () => [])
  return Object.entries(documentOf(app, face).paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Declared>).map(([method, operation]) => ({
      method,
      path,
      events: operation['x-audit-events'],
      exception: operation['x-audit-exception'],
    })),
  )
}
