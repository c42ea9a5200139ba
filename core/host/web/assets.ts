import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Hono } from 'hono'
import type { FaceEnv } from '../face.ts'

type Asset = { type: string; text: string; etag: string }

/** Browser modules with their types stripped, and styles: read once, at start. */
const assets: ReadonlyMap<string, Asset> = new Map([
  ...files('browser', '.ts').map(([name, text]) =>
    entry(
      name.replace(/\.ts$/, '.js'),
      'text/javascript; charset=utf-8',
      stripTypeScriptTypes(text).replaceAll(/((?:from|import) '\.\/[\w-]+)\.ts'/g, "$1.js'"),
    ),
  ),
  ...files('styles', '.css').map(([name, text]) => entry(name, 'text/css; charset=utf-8', text)),
])

/** Serves `/assets/<name>`; browsers keep a copy and ask whether it is still good. */
export function serveAssets(app: Hono<FaceEnv> | OpenAPIHono<FaceEnv>): void {
  app.get('/assets/:name', (c) => {
    const asset = assets.get(c.req.param('name'))
    if (!asset) return c.notFound()
    c.header('etag', asset.etag)
    c.header('cache-control', 'public, max-age=300, must-revalidate')
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304)
    return c.body(asset.text, 200, { 'content-type': asset.type })
  })
}

function files(folder: string, ending: string): Array<[string, string]> {
  const dir = join(import.meta.dirname, folder)
  return readdirSync(dir)
    .filter((name) => name.endsWith(ending))
    .map((name) => [name, readFileSync(join(dir, name), 'utf8')])
}

function entry(name: string, type: string, text: string): [string, Asset] {
  return [name, { type, text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"` }]
}
