import { Hono } from 'hono'
import type { Cores } from './balance/cores.ts'

/** What the edge answers itself, below `/edge/`; everything else belongs to the cores. */
export function createControl(cores: Cores, draining: () => boolean): Hono {
  const app = new Hono()
  app.get('/edge/health', (c) => {
    const ready = !draining() && cores.anyHealthy()
    return c.json({ ready, cores: cores.all.map(({ name, healthy }) => ({ name, healthy })) }, ready ? 200 : 503)
  })
  return app
}
