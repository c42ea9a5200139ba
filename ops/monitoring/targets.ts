import { z } from 'zod'
import { componentsOf, coreNames, ownName, workName } from '../appliance/components.ts'
import { exporterPorts, exportersOf } from '../appliance/exporters.ts'
import type { PortName, Settings } from '../appliance/settings.ts'

/** Who gives metrics where: as Prometheus's `file_sd_configs` has it, one group per component. */
export const targetGroups = z.array(
  z.object({
    targets: z.array(z.string()),
    labels: z.object({
      component: z.string(),
      kind: z.string(),
      node: z.string(),
      instance: z.string(),
      __scheme__: z.enum(['http', 'https']),
    }),
  }),
)
export type TargetGroup = z.infer<typeof targetGroups>[number]

type Listener = { plain: PortName; scrape?: PortName }

function listenersOf(settings: Settings): Record<string, Listener> {
  const cores: Listener[] = [
    { plain: 'core1Metrics', scrape: 'core1Scrape' },
    { plain: 'core2Metrics', scrape: 'core2Scrape' },
  ]
  return {
    ...Object.fromEntries(coreNames(settings).map((name, i) => [name, cores[i]!])),
    [workName(settings)]: { plain: 'workMetrics', scrape: 'workScrape' },
    [edgeName(settings)]: { plain: 'edgeMetrics', scrape: 'edgeScrape' },
    keys: { plain: 'keysMetrics' },
    ...Object.fromEntries(exportersOf(settings).map((name) => [name, { plain: exporterPorts[name] }])),
    ...(settings.cluster ? { [ownName(settings, 'postgres')]: { plain: 'patroni' } } : {}),
  }
}

/** On a machine of its own before a cluster, by that machine's number: so its certificate says. */
function edgeName({ edgeNode }: Settings): string {
  return edgeNode ? `edge-${edgeNode.number}` : 'edge'
}

/**
 * The inventory of one node. From other machines over mutual TLS, where `metricsAddress` is set; `local` is for a collector on this
 * machine, over loopback. The key agent and the exporters listen on no network, so only a local collector hears them.
 */
export function targetsOf(settings: Settings, local: boolean): TargetGroup[] {
  const { dataAddress, metricsAddress, ports, nodeName } = settings
  const listeners = listenersOf(settings)
  const own = settings.edgeNode ? [edgeName(settings)] : [...componentsOf(settings).map(({ name }) => name), 'keys']
  const known = [...own, ...exportersOf(settings)]
  return known.flatMap((component): TargetGroup[] => {
    const listener = listeners[component]
    if (!listener) return []
    const labels = {
      component,
      kind: component.replace(/-\d+$/, ''),
      node: nodeName,
      instance: `${nodeName}/${component}`,
    }
    if (listener.plain === 'patroni')
      // it stands where the other nodes ask it, and nowhere else
      return [{ targets: [`${dataAddress}:${ports.patroni}`], labels: { ...labels, __scheme__: 'https' } }]
    if (local || metricsAddress === undefined)
      return [{ targets: [`127.0.0.1:${ports[listener.plain]}`], labels: { ...labels, __scheme__: 'http' } }]
    if (!listener.scrape) return []
    const host = metricsAddress.includes(':') ? `[${metricsAddress}]` : metricsAddress
    return [{ targets: [`${host}:${ports[listener.scrape]}`], labels: { ...labels, __scheme__: 'https' } }]
  })
}
