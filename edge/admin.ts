import { existsSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import type { CoreState } from './balance/cores.ts'
import type { EdgeState, Supervisor } from './supervisor.ts'

/** A core as all workers together see it: a standing for each of them. */
type CoreSeen = Omit<CoreState, 'standing'> & { standings: Record<string, number>; drained: boolean }

/** What whoever runs the edge asks of it, and tells it. */
function createAdmin(supervisor: Supervisor): Hono {
  const app = new Hono()
  app.get('/status', async (c) => c.json({ ...(await supervisor.state()) }))
  app.get('/cores', async (c) => c.json({ cores: coresSeen(await supervisor.state()) }))
  app.put('/cores/:name/drained', (c) => drainCore(c.req.param('name'), true))
  app.delete('/cores/:name/drained', (c) => drainCore(c.req.param('name'), false))
  app.get('/bans', (c) => c.json({ bans: supervisor.bans() }))
  app.put('/bans/:network', (c) => ban(c.req.param('network'), true))
  app.delete('/bans/:network', (c) => ban(c.req.param('network'), false))
  app.put('/leaving', (c) => {
    supervisor.leave(true)
    return c.json({ leaving: true })
  })
  app.delete('/leaving', (c) => {
    supervisor.leave(false)
    return c.json({ leaving: false })
  })
  app.post('/reload', (c) => {
    const reload = supervisor.reload()
    return reload.taken ? c.json({ taken: true, changed: reload.changed }) : c.json(reload, 422)
  })
  app.post('/restart', async (c) => {
    await supervisor.restart()
    return c.json({ restarted: true })
  })
  app.notFound((c) => c.json({ problem: 'There is nothing here.' }, 404))
  return app

  function ban(network: string, banned: boolean): Response {
    return supervisor.ban(network, banned)
      ? Response.json({ network, banned })
      : Response.json({ problem: `"${network}" is no network.` }, { status: 422 })
  }

  function drainCore(name: string, drained: boolean): Response {
    return supervisor.drainCore(name, drained)
      ? Response.json({ name, drained })
      : Response.json({ problem: `There is no core "${name}".` }, { status: 404 })
  }
}

/** On a Unix socket for its owner alone. @throws Error when another edge listens on it */
export async function openAdmin(path: string, supervisor: Supervisor): Promise<Server> {
  if (existsSync(path)) {
    if (await isAnswered(path)) throw new Error(`Another edge listens on ${path}.`)
    rmSync(path) // of one that was killed
  }
  const server = createAdaptorServer({ fetch: createAdmin(supervisor).fetch, overrideGlobalObjects: false }) as Server
  const mask = process.umask(0o177) // so that it is nobody else's for no instant
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve(server))
    process.umask(mask)
  })
}

function coresSeen({ workers, drainedCores }: EdgeState): CoreSeen[] {
  const seen = new Map<string, CoreSeen>()
  for (const { standing, ...core } of workers.flatMap(({ state }) => state?.cores ?? [])) {
    const before = seen.get(core.name)
    seen.set(core.name, {
      ...core,
      inFlight: core.inFlight + (before?.inFlight ?? 0),
      slowness: Math.max(core.slowness, before?.slowness ?? 0),
      openBreakers: [...new Set([...core.openBreakers, ...(before?.openBreakers ?? [])])],
      standings: { ...before?.standings, [standing]: (before?.standings[standing] ?? 0) + 1 },
      drained: drainedCores.includes(core.name),
    })
  }
  return [...seen.values()]
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
