import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { openStore } from '../../edge/limit/store.ts'
import { readSecretFile, viewHome } from '../../ops/appliance/home.ts'
import { askRedis, redisUnit, shutOutOfRedis } from '../../ops/appliance/redis.ts'
import type { Settings } from '../../ops/appliance/settings.ts'
import { redisSocket } from '../../ops/appliance/sockets.ts'
import { newHome } from '../support/home.ts'

test('[S58] Redis gets another password for whoever is newly taken back, and keeps it when a certificate taken back merely ends', async () => {
  const home = viewHome(newHome())
  for (const folder of [
    'run/redis',
    'run/credentials/core',
    'run/credentials/work',
    'run/credentials/edge',
    'redis',
    'secrets',
  ])
    mkdirSync(join(home.dir, folder), { recursive: true })
  writeFileSync(home.path('secrets/redis'), 'first', { mode: 0o600 })
  writeFileSync(home.path('secrets/redis-edge'), 'edge', { mode: 0o600 })
  const { command, args = [] } = redisUnit(home, {} as Settings, {})
  const redis = spawn(command, args, { stdio: 'ignore' })
  try {
    await expect.poll(() => askRedis(home), { timeout: 20_000 }).toBeUndefined()
    const change = async (...serials: string[]) => {
      const before = readSecretFile(home, 'redis')
      await shutOutOfRedis(home, {} as Settings, {}, serials)
      expect(await askRedis(home)).toBeUndefined()
      return readSecretFile(home, 'redis') !== before
    }
    expect(await change('0a')).toBe(true)
    expect(await change('0a')).toBe(false)
    expect(await change('0b', '0a')).toBe(true)
    expect(await change('0b')).toBe(false)
    expect(await change('0b', '0c')).toBe(true)
  } finally {
    redis.kill('SIGKILL')
    rmSync(home.dir, { recursive: true, force: true })
  }
})

test('[S58] in a cluster, whose nodes and edges share the password, everybody is thrown out of Redis once for each who is taken back, and may come again', async () => {
  const home = viewHome(newHome())
  for (const folder of ['run/redis', 'redis', 'secrets']) mkdirSync(join(home.dir, folder), { recursive: true })
  for (const name of ['redis', 'redis-edge'])
    writeFileSync(home.path('secrets', name), `${name}-of-all`, { mode: 0o600 })
  const { command, args = [] } = redisUnit(home, {} as Settings, {})
  const redis = spawn(command, args, { stdio: 'ignore' })
  const cluster = { node: 2, addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'], firstNumber: 1 }
  const options = { path: redisSocket(home), retryStrategy: () => 50 }
  const core = new Redis({ ...options, password: 'redis-of-all' })
  const hearer = new Redis({ ...options, password: 'redis-of-all' })
  const edge = new Redis({ ...options, username: 'edge', password: 'redis-edge-of-all', enableReadyCheck: false })
  const clients = [core, hearer, edge]
  const ends = clients.map(() => 0)
  for (const [i, client] of clients.entries()) client.on('error', () => {}).on('close', () => ends[i]!++)
  try {
    await expect.poll(() => askRedis(home), { timeout: 20_000 }).toBeUndefined()
    await hearer.subscribe('news')
    const areIn = async () => (await Promise.all([core.ping(), edge.ping()])).join() === 'PONG,PONG'
    const thrownOut = async (...serials: string[]) => {
      expect(await areIn()).toBe(true)
      const before = [...ends]
      await shutOutOfRedis(home, { cluster } as Settings, {}, serials)
      await expect.poll(areIn, { timeout: 10_000 }).toBe(true) // with the passwords they had
      await expect.poll(() => hearer.status, { timeout: 10_000 }).toBe('ready')
      return clients.map((_, i) => ends[i]! > before[i]!)
    }
    expect(await thrownOut('0a')).toEqual([true, true, true])
    expect(await thrownOut('0a')).toEqual([false, false, false])
    expect(await thrownOut('0b', '0a')).toEqual([true, true, true])
    expect(readSecretFile(home, 'redis')).toBe('redis-of-all')
    expect(readSecretFile(home, 'redis-edge')).toBe('redis-edge-of-all')
  } finally {
    for (const client of clients) client.disconnect()
    redis.kill('SIGKILL')
    rmSync(home.dir, { recursive: true, force: true })
  }
})

test('[S57] the edge counts in Redis below a prefix of its own, and may do nothing else there', async () => {
  const home = viewHome(newHome())
  for (const folder of ['run/redis', 'redis', 'secrets']) mkdirSync(join(home.dir, folder), { recursive: true })
  writeFileSync(home.path('secrets/redis'), 'first', { mode: 0o600 })
  writeFileSync(home.path('secrets/redis-edge'), 'of-the-edge', { mode: 0o600 })
  const { command, args = [] } = redisUnit(home, {} as Settings, {})
  const redis = spawn(command, args, { stdio: 'ignore' })
  const store = openStore({ address: { path: redisSocket(home) }, user: 'edge', password: () => 'of-the-edge' })
  const client = new Redis({
    path: redisSocket(home),
    username: 'edge',
    password: 'of-the-edge',
    enableReadyCheck: false,
  })
  client.on('error', () => {})
  try {
    await expect.poll(() => store.open, { timeout: 20_000 }).toBe(true)
    const charge = { key: 'a:b', step: 1000, tolerance: 4000, used: 0, wanted: 9 }
    expect(await store.charge([charge])).toMatchObject([{ granted: 5 }])
    expect(await store.meet('here')).toBe(1)
    for (const words of [
      ['get', 'player:1'],
      ['set', 'x', '1'],
      ['publish', 'player:1', 'x'],
      ['keys', '*'],
      ['config', 'get', '*'],
      ['flushall'],
    ])
      await expect(client.call(words[0]!, ...words.slice(1)), words.join(' ')).rejects.toThrow('NOPERM')
    await expect(client.eval("return redis.call('GET', 'player:1')", 0)).rejects.toThrow(/can't|permission|NOPERM/i)
  } finally {
    store.close()
    client.disconnect()
    redis.kill('SIGKILL')
    rmSync(home.dir, { recursive: true, force: true })
  }
})
