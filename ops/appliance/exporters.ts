import type { PortName, Settings } from './settings.ts'

/** Who tells of what is not ours: Debian's exporters for Prometheus, each a component of the inventory. */
const exporters = ['node-exporter', 'postgres-exporter', 'redis-exporter'] as const
export type Exporter = (typeof exporters)[number]

export const exporterPorts = {
  'node-exporter': 'nodeMetrics',
  'postgres-exporter': 'postgresMetrics',
  'redis-exporter': 'redisMetrics',
} as const satisfies Record<Exporter, PortName>

/** A machine that is an edge and nothing else has neither PostgreSQL nor Redis. */
export function exportersOf({ exporters: wanted, edgeNode }: Settings): Exporter[] {
  if (!wanted) return []
  return edgeNode ? ['node-exporter'] : [...exporters]
}
