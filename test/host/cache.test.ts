import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCache } from '../../core/host/cache.ts'
import { createLog } from '../../core/host/log.ts'
import { until } from '../support/client.ts'

/** What a core does with a Redis whose password is changed under it, as a revocation does. */
const dir = mkdtempSync(join(tmpdir(), 'cr-redis-'))
const path = join(dir, 'redis.sock')
let server: ChildProcess
beforeAll(() => {
  const words = ['--port', '0', '--unixsocket', path, '--requirepass', 'first', '--save', '', '--dir', dir]
  server = spawn('redis-server', words, { stdio: 'ignore' })
})
afterAll(() => {
  server.kill()
  rmSync(dir, { recursive: true, force: true })
})

test('lists of a kind are found by a small set of their names, not by a look through all keys, and one that nobody puts anything into any more is not found', async () => {
  const cache = openCache({ address: { path }, password: () => 'first', log: createLog('test', 'silent') })
  await until('Redis', async () => cache.healthy() || undefined, 10)
  const admin = new Redis({ path, password: 'first' })
  const keep = (name: string, item: string, seconds = 3600) => cache.append({ kind: 'notes', name }, item, 2, seconds)
  for (const item of ['1', '2', '3']) await keep('b', item)
  await keep('a', 'x')
  await keep('dead', 'x', 1)
  await admin.rpush('notes:foreign', 'x')
  const names = async () => (await cache.lists('notes'))?.map(({ name }) => name)
  expect(await cache.lists('notes')).toEqual([
    { name: 'a', items: ['x'] },
    { name: 'b', items: ['2', '3'] },
    { name: 'dead', items: ['x'] },
  ])
  expect(await cache.lists('other')).toEqual([])
  await keep('c', 'x')
  await until(
    'the dead one forgotten',
    async () => {
      await keep('c', 'y', 1)
      return (await names())?.join() === 'c' || undefined
    },
    10,
  )
  expect(await admin.info('commandstats')).not.toMatch(/cmdstat_(scan|keys)/)
  admin.disconnect()
  await cache.close()
  expect(await cache.lists('notes')).toBeUndefined()
})

test('thrown out, it comes back with the password of now, speaks and hears', async () => {
  let password = 'first'
  const cache = openCache({ address: { path }, password: () => password, log: createLog('test', 'silent') })
  const heard: string[] = []
  cache.subscribe('player:*', (_channel, message) => heard.push(message))
  const hears = async (message: string) => {
    await cache.publish('player:1', message)
    return heard.includes(message) ? true : undefined
  }
  await until('the first word', () => hears('one'), 10)
  const admin = new Redis({ path, password: 'first' })
  password = 'second'
  await admin.config('SET', 'requirepass', 'second')
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await until('a word after', () => hears('two'), 10)
  expect(cache.healthy()).toBe(true)
  admin.disconnect()
  await cache.close()
})
