import { readFileSync, rmSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'

/** There from before the first file of a restore until its data are proven; whoever starts on it meanwhile is refused. */
const markFile = 'restore-unproven.json'

/** `goal`: what it goes to, in words; `command`: what was asked for, whole, so that whoever goes on goes to the same. */
type Mark = { beganAt: string; goal: string; command: string; failed?: string }

export function markRestore(home: Home, mark: Mark): void {
  home.write(markFile, `${JSON.stringify(mark, null, 2)}\n`, 0o644)
}

export function restoreMark(home: Home): Mark | undefined {
  return home.has(markFile) ? (JSON.parse(readFileSync(home.path(markFile), 'utf8')) as Mark) : undefined
}

export function unmarkRestore(home: Home): void {
  rmSync(home.path(markFile))
}

/** @throws Trouble where a restore was not finished, or its data were found to contradict themselves */
export function refuseUnproven(home: Home): void {
  const mark = restoreMark(home)
  if (!mark) return
  const why = mark.failed ? `its data are not sound: ${mark.failed}` : 'it was not finished'
  throw new Trouble(`The data in ${home.dir} come from a restore that was begun at ${mark.beganAt}, and ${why}.`, {
    setting: home.path(markFile),
    remedy: `${mark.command}   (the same as then: it goes on, and proves); ops/runbooks/restore.md`,
  })
}

/** Going on to another goal would bring back what was left out on purpose. One whose data were not sound may be tried otherwise. @throws Trouble */
export function refuseOtherGoal(home: Home, goal: string): void {
  const mark = restoreMark(home)
  if (!mark || mark.failed || mark.goal === goal) return
  throw new Trouble(
    `In ${home.dir} a restore to ${mark.goal} was begun at ${mark.beganAt}; this would be one to ${goal}.`,
    {
      setting: home.path(markFile),
      remedy: `the same as then: ${mark.command}; or this one into another folder (--home)`,
    },
  )
}
