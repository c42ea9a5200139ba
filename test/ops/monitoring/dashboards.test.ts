import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { boards, renderBoard } from '../../../ops/monitoring/dashboard.ts'
import { exportedMetrics, metricsIn, root } from './rules.ts'

const folder = join(root, 'ops/monitoring/dashboards')

test('the dashboards are what their code makes, no more and no fewer', () => {
  expect(readdirSync(folder).sort()).toEqual(boards.map(({ uid }) => `${uid}.json`).sort())
  for (const board of boards)
    expect(readFileSync(join(folder, `${board.uid}.json`), 'utf8'), board.uid).toBe(renderBoard(board))
})

test('every query asks for a metric there is, and no panel is without a word on what it shows', () => {
  const exported = exportedMetrics()
  for (const { uid } of boards) {
    const { panels } = JSON.parse(readFileSync(join(folder, `${uid}.json`), 'utf8'))
    expect(panels.length, uid).toBeGreaterThan(2)
    for (const { title, description, targets } of panels) {
      expect(description, `${uid}: ${title}`).toBeTruthy()
      for (const { expr } of targets) {
        const asked = metricsIn(expr)
        expect(asked.length, expr).toBeGreaterThan(0)
        expect(
          asked.filter((name) => !exported.has(name)),
          expr,
        ).toEqual([])
      }
    }
  }
})
