import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { faceNames, routesOf } from '../support/routes.ts'

/** What the edge knows of the casino's routes is what their documents say: a file, because the edge imports nothing of the casino. */
const file = join(import.meta.dirname, '../../edge/contract.json')

test('the edge knows every route and body that is documented', async () => {
  const contract = Object.fromEntries(
    faceNames.map((face) => {
      const paths: Record<string, Record<string, object | null>> = {}
      for (const { path, method, bodyTypes } of routesOf(face).sort((one, other) => (one.path < other.path ? -1 : 1))) {
        paths[path] ??= {}
        paths[path][method.toUpperCase()] = bodyTypes.length > 0 ? { types: bodyTypes } : null
      }
      return [face, paths]
    }),
  )
  await expect(`${JSON.stringify(contract, null, 1)}\n`).toMatchFileSnapshot(file)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(contract)
})
