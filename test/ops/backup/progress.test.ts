import { expect, test } from 'vitest'
import { stopwatch } from '../../../ops/backup/steps.ts'

test('of a part that takes long somebody at a terminal hears how far it is, and nothing once it is over', async () => {
  const told: string[] = []
  const said: string[] = []
  let percent = 0
  const watch = stopwatch({ say: (line) => void said.push(line), tell: (words) => void told.push(words) })
  const work = new Promise((resolve) => setTimeout(resolve, 2300))
  await watch.step(
    'files',
    () => work,
    () => {
      percent += 40
      if (percent === 80) throw new Error('a file was gone between two looks')
      return percent
    },
  )
  expect(told.filter((words) => words !== '')[0]).toMatch(/^ {2}files: 40 %, 0 s$/)
  expect(told.filter((words) => words !== '').at(-1)).toMatch(/^ {2}files: 100 %, \d s$/) // never above
  expect(told.at(-1)).toBe('')
  expect(said).toEqual([expect.stringMatching(/^ {2}files: 2\.\d+ s$/)])
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(told.at(-1)).toBe('')
})
