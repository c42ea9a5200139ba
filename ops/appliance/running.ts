import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import type { Card } from '../appliance.ts'
import { type Home, homeDirectory, viewHome } from './home.ts'
import { nameOf } from './identity.ts'
import { holderOf } from './lock.ts'
import { nothingRunsExitCode, Trouble } from './trouble.ts'

/** The home of the environment, for commands that look at it and make nothing. @throws Trouble when it is somebody else's */
export function knownHome(): Home {
  const home = viewHome(homeDirectory())
  const run = home.path('run')
  if (!existsSync(run)) return home
  try {
    accessSync(run, constants.R_OK | constants.X_OK)
  } catch (cause) {
    const owner = nameOf(statSync(run).uid)
    throw new Trouble(`The appliance in ${home.dir} belongs to ${owner}; ${nameOf(process.getuid?.())} may not look.`, {
      setting: 'COUNTROOM_HOME (where the data live)',
      remedy: `as root, or as ${owner}: COUNTROOM_HOME=${home.dir} npx countroom ${process.argv.slice(2).join(' ')}`,
      cause,
    })
  }
  return home
}

/** What the running appliance tells about itself; undefined when none runs, or when it is not up yet. */
export function cardOf(home: Home): Card | undefined {
  if (!holderOf(home) || !home.has('run/appliance.json')) return undefined
  return JSON.parse(readFileSync(home.path('run/appliance.json'), 'utf8')) as Card
}

/** @throws Trouble when nothing runs; also names a start that is under way */
export function runningCard(home: Home): Card {
  const card = cardOf(home)
  if (card) return card
  const starting = holderOf(home)
  throw new Trouble(
    starting
      ? `The appliance in ${home.dir} is still starting, or stops (process ${starting.pid}).`
      : `No appliance runs in ${home.dir}.`,
    {
      setting: 'COUNTROOM_HOME',
      remedy: starting ? 'wait a moment, then ask again' : 'npm start',
      exitCode: nothingRunsExitCode,
    },
  )
}
