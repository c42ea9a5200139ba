import * as audit from '#audit'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import type { Settings } from '../appliance/settings.ts'
import { Trouble, wordsOf } from '../appliance/trouble.ts'
import { type Cluster, membersOf } from './members.ts'
import { type MemberState, observeElsewhere } from './observe.ts'
import { askPatroni } from './patroni.ts'
import { learnSecondSite, secondSiteOf } from './second-site.ts'
import { siteMemories } from './site-memories.ts'

const { superseded, followed } = siteMemories
const lookMs = 3000
const actor = 'countroom up'

type Heard = 'leads' | 'follows' | 'silent'

/**
 * Keeps a first site from money once its second was promoted. At a start: by the mark, or by what the second site says. Where a whole site starts,
 * and the second, which followed it before, does not answer, nobody knows; then only a person's word (`firstSiteLeads`) goes on.
 *
 * @throws Trouble that says where the casino is now
 */
export async function refuseSuperseded(home: Home, settings: Settings, firstSiteLeads: boolean): Promise<void> {
  const { cluster } = settings
  if (home.has(superseded)) throw supersededBy(home)
  if (!cluster || secondSiteOf(home, cluster).length === 0) return
  const heard = await hear(home, settings, cluster)
  if (heard.state === 'leads') {
    markSuperseded(home, heard.members)
    throw supersededBy(home)
  }
  if (heard.state === 'follows') return markFollowed(home)
  if (firstSiteLeads || !home.has(followed) || (await someoneLeads(home, settings, cluster))) return
  throw new Trouble('The second site does not answer, and no node leads here: it may have been promoted meanwhile.', {
    setting: '"secondSite" in countroom.json',
    remedy:
      'bring the way to it back, or ask who works there; if it was surely not promoted: npx countroom up --first-site-leads; ops/runbooks/second-site.md',
  })
}

/** While a node runs: when the second site leads, money here stands still within seconds, and this node does not start again. */
export function keepFence(home: Home, settings: Settings, say: (line: string) => void): { stop(): Promise<void> } {
  const { cluster } = settings
  let looking: Promise<void> | undefined
  let said = ''
  const look = async () => {
    await learnSecondSite(home, cluster!).catch(() => {}) // what was told before holds
    const heard = await hear(home, settings, cluster!)
    if (heard.state === 'follows') markFollowed(home)
    if (heard.state !== 'leads') return
    markSuperseded(home, heard.members)
    await freezeHere(home, heard.members)
    tell('THE SECOND SITE LEADS: no money moves here any more; ops/runbooks/second-site.md')
  }
  const tell = (line: string) => {
    if (line !== said) say(line)
    said = line
  }
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) =>
        tell(`The second site leads, and money here could not be frozen yet: ${wordsOf(error)}`),
      )
      .finally(() => {
        looking = undefined
      })
  }, lookMs)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.race([looking, new Promise((resolve) => setTimeout(resolve, 5000))])
    },
  }
}

async function hear(
  home: Home,
  { ports }: Settings,
  cluster: Cluster,
): Promise<{ state: Heard; members: MemberState[] }> {
  const members = await observeElsewhere(home, membersOf({ addresses: secondSiteOf(home, cluster) }, ports))
  const is = (role: MemberState['role']) => members.some((member) => member.role === role)
  return { members, state: is('primary') ? 'leads' : is('follows the first site') ? 'follows' : 'silent' }
}

async function someoneLeads(home: Home, { ports }: Settings, { addresses }: Cluster): Promise<boolean> {
  const asked = addresses.map((host) => askPatroni(home, { host, port: ports.patroni }, 'GET', '/primary'))
  return (await Promise.all(asked)).some(({ status }) => status === 200)
}

async function freezeHere(home: Home, members: MemberState[]): Promise<void> {
  const at = new Date()
  const leader = members.find(({ role }) => role === 'primary')!
  const detail = {
    process: actor,
    breaks: 0,
    timeline: String(leader.timeline ?? 'unknown'),
    first: `the second site leads at ${leader.address}`,
  }
  const sql = connect(home, 'owner')
  try {
    await sql.begin(async (tx) => {
      if (await ledger.freeze(tx, { at, by: actor, evidence: { secondSite: members } }))
        await audit.record(tx, systemCommand(actor, at), { action: 'ledger.frozen', subject: 'ledger', detail })
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function markFollowed(home: Home): void {
  if (!home.has(followed)) home.write(followed, `${new Date().toISOString()}\n`, 0o644)
}

function markSuperseded(home: Home, members: MemberState[]): void {
  if (!home.has(superseded))
    home.write(superseded, `${JSON.stringify({ at: new Date().toISOString(), members }, null, 2)}\n`, 0o644)
}

function supersededBy(home: Home): Trouble {
  return new Trouble('The second site was promoted and leads this casino now. This home must not take money again.', {
    setting: home.path(superseded),
    remedy:
      'keep this home as evidence, and let this machine follow the other site from an empty one: ops/runbooks/second-site.md',
  })
}
