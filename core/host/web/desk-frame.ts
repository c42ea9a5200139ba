import { html } from 'hono/html'

export type Content = ReturnType<typeof html> | string

/** The frame of every page of the back office. */
export function deskFrame(title: string, module: string, content: Content, styles: readonly string[] = []) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Countroom back office</title><link rel="icon" href="data:," /><link rel="stylesheet" href="/assets/operator.css" />${styles.map((name) => html`<link rel="stylesheet" href="/assets/${name}.css" />`)}
    <script type="module" src="/assets/${module}.js"></script></head><body>${content}</body></html>`
}
