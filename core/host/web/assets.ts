import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Hono } from 'hono'
import * as games from '#games'
import type { FaceEnv } from '../face.ts'

type Asset = { type: string; text: string; etag: string }

/** uPlot draws the curves of the back office (MIT; its notice stands at the head of the file). */
const dist = join(import.meta.dirname, '../../../node_modules/uplot/dist')
const plots = [
  entry('/assets/uplot.js', 'text/javascript; charset=utf-8', readFileSync(join(dist, 'uPlot.esm.js'), 'utf8')),
  entry('/assets/uplot.css', 'text/css; charset=utf-8', readFileSync(join(dist, 'uPlot.min.css'), 'utf8')),
]

/** How fair rounds are drawn and what games make of it, for whoever writes a verifier of their own: core/games/fairness, word for word. */
const documents = ['algorithm', 'outcomes'].map((name) =>
  entry(
    `/assets/fairness/${name}.md`,
    'text/markdown; charset=utf-8',
    readFileSync(join(import.meta.dirname, `../../games/fairness/${name}.md`), 'utf8'),
  ),
)

/** Browser modules with their types stripped, and styles, by their path: read once, at start. */
const assets: ReadonlyMap<string, Asset> = new Map([
  ...inFolder(join(import.meta.dirname, 'browser'), '/assets'),
  ...inFolder(join(import.meta.dirname, 'styles'), '/assets'),
  ...plots,
  ...documents,
  ...games.pages().flatMap(({ page, folder }) => inFolder(folder, `/assets/games/${page}`)),
])

/** Serves `/assets/<name>`, and `/assets/games/<page>/<name>`; browsers keep a copy and ask whether it is still good. */
export function serveAssets(app: Hono<FaceEnv> | OpenAPIHono<FaceEnv>): void {
  app.get('/assets/*', (c) => {
    const asset = assets.get(c.req.path)
    if (!asset) return c.notFound()
    c.header('etag', asset.etag)
    c.header('cache-control', 'public, max-age=300, must-revalidate')
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304)
    return c.body(asset.text, 200, { 'content-type': asset.type })
  })
}

function inFolder(folder: string, at: string): Array<[path: string, Asset]> {
  return readdirSync(folder).flatMap((name): Array<[string, Asset]> => {
    const text = () => readFileSync(join(folder, name), 'utf8')
    if (name.endsWith('.css')) return [entry(`${at}/${name}`, 'text/css; charset=utf-8', text())]
    if (!name.endsWith('.ts')) return []
    return [entry(`${at}/${name.replace(/\.ts$/, '.js')}`, 'text/javascript; charset=utf-8', asServed(text()))]
  })
}

/** As a browser loads it: without types, and its neighbours by the names they are served under. */
function asServed(text: string): string {
  return stripTypeScriptTypes(text)
    .replaceAll(/((?:from|import) '\.\/[\w-]+)\.ts'/g, "$1.js'")
    .replaceAll(/from '(uplot)'/g, "from '/assets/$1.js'")
    .replaceAll(/from '(?:\.\.\/)+host\/web\/browser\/([\w-]+)\.ts'/g, "from '/assets/$1.js'")
}

function entry(path: string, type: string, text: string): [string, Asset] {
  return [path, { type, text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"` }]
}
