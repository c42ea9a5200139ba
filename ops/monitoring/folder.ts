import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Trouble } from '../appliance/trouble.ts'
import { renderCollector } from './collector.ts'
import { type Receivers, renderRoutes } from './routes.ts'
import { type TargetGroup, targetGroups } from './targets.ts'

type Wanted = {
  /** What this node is called, and who gives metrics on it. */
  node: string
  groups: readonly TargetGroup[]
  scraper: string
  alertmanagers: readonly string[]
  everySeconds: number
  receivers?: Receivers
}

/**
 * Writes all that Prometheus and Alertmanager read into one folder. Other nodes' files below targets/ stay and are collected too, so
 * a cluster is one folder that each node was rendered into. Answers what it wrote.
 *
 * @throws Trouble when a file of targets there is none
 */
export function writeFolder(folder: string, wanted: Wanted): string[] {
  mkdirSync(join(folder, 'targets'), { recursive: true })
  const own = join('targets', `${wanted.node}.json`)
  write(folder, own, `${JSON.stringify(wanted.groups, null, 2)}\n`)
  for (const part of ['alerts', 'dashboards'].filter((name) => existsSync(join(import.meta.dirname, name))))
    cpSync(join(import.meta.dirname, part), join(folder, part), { recursive: true })
  write(folder, 'prometheus.yml', renderCollector({ ...wanted, groups: allGroups(folder) }))
  if (wanted.receivers) write(folder, 'alertmanager.yml', renderRoutes(wanted.receivers))
  return [own, 'prometheus.yml', ...(wanted.receivers ? ['alertmanager.yml'] : [])]
}

function allGroups(folder: string): TargetGroup[] {
  const files = readdirSync(join(folder, 'targets')).filter((name) => name.endsWith('.json'))
  return files.flatMap((name) => {
    const file = join(folder, 'targets', name)
    try {
      return targetGroups.parse(JSON.parse(readFileSync(file, 'utf8')))
    } catch (cause) {
      throw new Trouble(`${file} is no file of targets.`, {
        setting: file,
        remedy: 'remove it, or run countroom monitoring anew on its node',
        cause,
      })
    }
  })
}

function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}
