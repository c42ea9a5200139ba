import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderObjectives } from './objectives.ts'

/** Writes what is made from code, beside it: `node ops/monitoring/render.ts`. A test tells when it is not what the code makes. */
writeFileSync(join(import.meta.dirname, 'alerts/objectives.yml'), renderObjectives())
