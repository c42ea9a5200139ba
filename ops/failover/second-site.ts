import { readFileSync, rmSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import type { Cluster } from './members.ts'
import { observe } from './observe.ts'
import { siteMemories } from './site-memories.ts'

/** Nodes learn from each other where the second site is, lest one whose settings nobody changed is not fenced. */
const file = siteMemories.secondSite

/** The addresses of the nodes that follow this site; none where there are none. The settings of this node go before what others told. */
export function secondSiteOf(home: Home, { secondSite }: Cluster): string[] {
  if (secondSite) return secondSite
  return home.has(file) ? (JSON.parse(readFileSync(home.path(file), 'utf8')) as string[]) : []
}

/** Asks the others; what they told is forgotten when all of them are there and none says so any more. @throws Trouble when nobody answers */
export async function learnSecondSite(home: Home, { secondSite, addresses }: Cluster): Promise<void> {
  if (secondSite) return
  const members = await observe(home)
  const told = members.find((member) => member.secondSite)?.secondSite
  const all = members.filter(({ role }) => role !== 'away').length === addresses.length
  if (told) {
    const text = `${JSON.stringify(told)}\n`
    if (!home.has(file) || readFileSync(home.path(file), 'utf8') !== text) home.write(file, text, 0o644)
  } else if (all) rmSync(home.path(file), { force: true })
}
