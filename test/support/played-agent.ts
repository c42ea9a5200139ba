import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Enrolled } from './authority.ts'

/** A Patroni of one site, as far as a test of what asks it needs one: who its members are, and a configuration that they share. */
export type PlayedAgent = {
  port: number
  /** `standby_leader` while its site follows another; `standby_cluster` taken out of the configuration makes it `leader`. */
  role: string
  config: Record<string, unknown>
  /** Of its own member. */
  tags: Record<string, string>
  timeline: number
  /** What it says instead of anything else, as one that cannot reach its etcd. */
  ails?: number
  stop(): Promise<void>
}

export async function playAgent(name: string, shows: Pick<Enrolled, 'chain' | 'key'>): Promise<PlayedAgent> {
  const server = createServer({ cert: shows.chain, key: shows.key }, async (request, response) => {
    let text = ''
    for await (const part of request) text += String(part)
    if (request.url === '/leader' && agent.role !== 'leader') response.statusCode = 503
    if (agent.ails) response.statusCode = agent.ails
    if (request.method === 'PATCH')
      for (const [key, value] of Object.entries(JSON.parse(text) as object))
        if (value === null) delete agent.config[key]
        else agent.config[key] = value
    if (agent.role === 'standby_leader' && !agent.config.standby_cluster) agent.role = 'leader'
    const member = {
      name,
      role: agent.role,
      state: 'running',
      host: '127.0.0.1',
      tags: agent.tags,
      timeline: agent.timeline,
    }
    response.end(
      JSON.stringify(
        request.url === '/cluster'
          ? { members: [member], ...(agent.config.pause ? { pause: true } : {}) }
          : agent.config,
      ),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const agent: PlayedAgent = {
    port: (server.address() as AddressInfo).port,
    ...{ role: 'leader', config: {}, tags: {}, timeline: 1 },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return agent
}
