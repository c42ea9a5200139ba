import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { boards, renderBoard } from './dashboard.ts'
import { renderObjectives } from './objectives.ts'

/** Writes what is made from code, beside it: `node ops/monitoring/render.ts`. A test tells when it is not what the code makes. */
const write = (name: string, text: string) => writeFileSync(join(import.meta.dirname, name), text)
write('alerts/objectives.yml', renderObjectives())
for (const board of boards) write(`dashboards/${board.uid}.json`, renderBoard(board))
