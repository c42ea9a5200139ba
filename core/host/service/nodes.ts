import { request } from 'node:https'
import { z } from 'zod'
import * as pki from '#pki'
import type { Host } from '../host.ts'

/** A server of the database as the agents of the cluster see it; `away`: nobody has heard of it. */
export type DatabaseNode = {
  name: string
  role: 'primary' | 'synchronous standby' | 'standby' | 'follows the first site' | 'away'
  state: string
  lagBytes: number | null
}

const seen = z.object({
  members: z.array(
    z.object({
      name: z.string(),
      role: z.string(),
      state: z.string(),
      host: z.string().optional(),
      lag: z.union([z.number(), z.string()]).optional(),
    }),
  ),
})
const roles: Record<string, DatabaseNode['role']> = {
  leader: 'primary',
  sync_standby: 'synchronous standby',
  standby_leader: 'follows the first site',
}
const answerMsMax = 2000

/**
 * The nodes that should keep the database, as they are at this moment; one where there is one. A node that is gone for long is none of the agents' members any
 * more, and is away, by its address: of two that are left, or one, nobody may think that there never were more. Undefined when nobody answers for them.
 */
export async function databaseNodes({ config, sql, tls }: Host): Promise<DatabaseNode[] | undefined> {
  const { members } = config.database
  if (!members || !tls) {
    const answered = await sql`select 1`.then(
      () => true,
      () => false,
    )
    return answered ? [{ name: 'this machine', role: 'primary', state: 'running', lagBytes: null }] : undefined
  }
  const shown = tls.connecting({ component: pki.sharedLabel('postgres'), role: 'postgres' })
  const ask = ({ host, ask: port }: (typeof members)[number]) =>
    new Promise<DatabaseNode[]>((resolve, reject) => {
      const question = request(
        { ...shown, host, port, path: '/cluster', agent: false, timeout: answerMsMax },
        async (answer) => {
          try {
            const parts: Buffer[] = []
            for await (const part of answer) parts.push(part as Buffer)
            resolve(read(Buffer.concat(parts).toString(), members))
          } catch (error) {
            reject(error)
          }
        },
      )
      question.on('timeout', () => question.destroy(new Error('no answer')))
      question.on('error', reject)
      question.end()
    })
  return Promise.any(members.map(ask)).catch(() => undefined)
}

function read(text: string, wanted: ReadonlyArray<{ host: string }>): DatabaseNode[] {
  const { members } = seen.parse(JSON.parse(text))
  const missing = wanted.filter(({ host }) => !members.some((member) => member.host === host))
  return [
    ...members.map(({ name, role, state, lag }) => ({
      name,
      role: roles[role] ?? ('standby' as const),
      state,
      lagBytes: typeof lag === 'number' ? lag : null,
    })),
    ...missing.map(({ host }) => ({ name: host, role: 'away' as const, state: 'not heard of', lagBytes: null })),
  ]
}
