import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSecretFile, viewHome } from '../../ops/appliance/home.ts'
import { askRedis, redisUnit, shutOutOfRedis } from '../../ops/appliance/redis.ts'
import type { Settings } from '../../ops/appliance/settings.ts'
import { newHome } from '../support/home.ts'

test('[S58] Redis gets another password for whoever is newly taken back, and keeps it when a certificate taken back merely ends', async () => {
  const home = viewHome(newHome())
  for (const folder of ['run/redis', 'run/credentials/core', 'run/credentials/work', 'redis', 'secrets'])
    mkdirSync(join(home.dir, folder), { recursive: true })
  writeFileSync(home.path('secrets/redis'), 'first', { mode: 0o600 })
  const { command, args = [] } = redisUnit(home, {} as Settings, {})
  const redis = spawn(command, args, { stdio: 'ignore' })
  try {
    await expect.poll(() => askRedis(home), { timeout: 20_000 }).toBeUndefined()
    const change = async (...serials: string[]) => {
      const before = readSecretFile(home, 'redis')
      await shutOutOfRedis(home, serials, {})
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
