import type { CoresListed, EdgeConfig, Face } from '../config.ts'

type Address = { host: string; port: number }

/** A core as the configuration or the name service tells of it. */
export type Member = {
  /** What it is called in logs and metrics. */
  readonly name: string
  /** Who it must prove to be in its handshake: the first label of the name in its certificate. */
  readonly identity: string
} & Readonly<Record<Face, Address>>

export function isSame(one: Member, other: Member): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function membersListed(cores: CoresListed): Member[] {
  return cores.map(({ name, player, operator, partner }) => ({ name, identity: name, player, operator, partner }))
}

export type Membership = {
  current(): readonly Member[]
  configure(config: Pick<EdgeConfig, 'cores'>): void
  close(): void
}

/**
 * Who the cores are, by the configuration or by DNS, asked again and again. When nobody answers, or the answer is that there are none,
 * those known before stay: a name service that fails must not take the casino with it.
 */
export function openMembership(
  config: Pick<EdgeConfig, 'cores'>,
  hear: (members: readonly Member[]) => void,
  failed: (error: Error) => void,
  resolve: (by: CoresByName) => Promise<Member[]>,
): Membership {
  let current: readonly Member[] = []
  let by: CoresByName | undefined
  let timer: NodeJS.Timeout | undefined
  configure(config)
  return {
    current: () => current,
    configure,
    close() {
      by = undefined
      clearTimeout(timer)
    },
  }

  function configure({ cores }: Pick<EdgeConfig, 'cores'>): void {
    clearTimeout(timer)
    by = Array.isArray(cores) ? undefined : cores
    if (Array.isArray(cores)) become(membersListed(cores))
    else void look(cores)
  }

  async function look(asked: CoresByName): Promise<void> {
    try {
      const found = await resolve(asked)
      if (by === asked && found.length > 0) become(found)
    } catch (error) {
      if (by === asked) failed(error as Error)
    }
    if (by === asked) timer = setTimeout(() => void look(asked), asked.everySeconds * 1000).unref()
  }

  function become(members: readonly Member[]): void {
    if (JSON.stringify(members) === JSON.stringify(current)) return
    current = members
    hear(members)
  }
}

export type CoresByName = Exclude<EdgeConfig['cores'], readonly unknown[]>
