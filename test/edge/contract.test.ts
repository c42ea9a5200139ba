import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { faceNames, type Route, routesOf } from '../support/routes.ts'

/**
 * What the edge knows of the casino's routes is what their documents say: a file that this test writes (`-u`), because the edge imports nothing
 * of the casino.
 */
const file = join(import.meta.dirname, '../../edge/contract.json')

test('the edge knows every route that is documented, and how large and deep its body can be [GLI-B.4.3d]', async () => {
  const faces = faceNames.map((face) => {
    const lines = Object.entries(Object.groupBy(routesOf(face), ({ path }) => path))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([path, routes = []]) => {
        const methods = Object.fromEntries(routes.map((route) => [route.method.toUpperCase(), entryOf(route)]))
        return `    ${JSON.stringify(path)}: ${JSON.stringify(methods)}`
      })
    return `  ${JSON.stringify(face)}: {\n${lines.join(',\n')}\n  }`
  })
  await expect(`{\n${faces.join(',\n')}\n}\n`).toMatchFileSnapshot(file)
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toEqual([...faceNames])
})

/** Some room for spaces that nobody needs, in steps of a kilobyte. */
function entryOf({ bodyTypes, bounds, takesQuery }: Route) {
  const bytes = Math.ceil((bounds.bytes * 1.5) / 1024) * 1024
  return {
    ...(bodyTypes.length > 0 ? { types: bodyTypes } : {}),
    ...(bodyTypes.length > 0 && bytes < 65_536 ? { bytesMax: bytes } : {}),
    ...(bodyTypes.length > 0 && Number.isFinite(bounds.depth) ? { depthMax: bounds.depth } : {}),
    ...(takesQuery ? { query: true } : {}),
  }
}
