import type { OpenAPIHono } from '@hono/zod-openapi'
import { html } from 'hono/html'
import { scopes } from '#access'
import type { FaceEnv } from './face.ts'

type Operation = {
  summary?: string
  description?: string
  parameters?: Array<{ name: string; in: string; required?: boolean; description?: string; schema?: object }>
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema?: object }> }>
}
type Document = { info: { title: string; version: string }; paths: Record<string, Record<string, Operation>> }

/** The face's document at `/openapi.json`, and a page to read it at `/openapi`. */
export function serveDocument(app: OpenAPIHono<FaceEnv>, title: string): void {
  app.get('/openapi.json', (c) => c.json(documentOf(app, title)))
  app.get('/openapi', (c) => c.html(page(documentOf(app, title))))
}

/** Where tokens are had, and what for. Endpoints of OAuth stand in OAuth's own document, below the issuer. */
export function describeTokens(app: OpenAPIHono<FaceEnv>, issuer: string): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'oauth', {
    type: 'oauth2',
    description: `Tokens are bound to a key (DPoP) or a certificate. ${issuer}/.well-known/openid-configuration`,
    flows: { clientCredentials: { tokenUrl: `${issuer}/token`, scopes } },
  })
}

export function documentOf(app: OpenAPIHono<FaceEnv>, title: string): Document {
  return app.getOpenAPI31Document({ openapi: '3.1.0', info: { title, version: '1' } }) as unknown as Document
}

function page(document: Document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${document.info.title}</title>
        <link rel="stylesheet" href="/assets/operator.css" />
      </head>
      <body>
        <main class="document">
          <h1>${document.info.title}</h1>
          <p><a href="/openapi.json">The OpenAPI document</a>, for machines. Errors are problems of RFC 9457 with a stable code.</p>
          <nav><ul>${operations.map((o) => html`<li><a href="#${o.method}${o.path}">${o.method} ${o.path}</a></li>`)}</ul></nav>
          ${operations.map(section)}
        </main>
      </body>
    </html>`
}

function section({ path, method, operation }: { path: string; method: string; operation: Operation }) {
  const body = Object.entries(operation.requestBody?.content ?? {})
  return html`<section id="${method}${path}">
    <h2><code>${method} ${path}</code></h2>
    <p>${operation.summary ?? operation.description ?? ''}</p>
    ${
      (operation.parameters ?? []).length > 0
        ? html`<h3>Parameters</h3>
          <ul>${operation.parameters?.map((p) => html`<li><code>${p.name}</code> (${p.in}${p.required ? ', required' : ''}) ${p.description ?? ''} <code>${JSON.stringify(p.schema ?? {})}</code></li>`)}</ul>`
        : ''
    }
    ${body.map(([type, { schema }]) => html`<h3>Body, ${type}</h3><pre>${JSON.stringify(schema, null, 2)}</pre>`)}
    <h3>Answers</h3>
    <dl>${Object.entries(operation.responses).map(
      ([status, answer]) =>
        html`<dt>${status}</dt><dd>${answer.description} ${Object.entries(answer.content ?? {}).map(([type, { schema }]) => html`<details><summary>${type}</summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`)}</dd>`,
    )}</dl>
  </section>`
}
