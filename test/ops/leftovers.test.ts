import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { stopLeftovers } from '../../ops/appliance/lock.ts'
import { newHome } from '../support/home.ts'

test('a process whose supervisor was killed before it could note it is stopped by the next start; one of another home is not', async () => {
  const [home, other] = [newHome(), newHome()]
  const start = (dir: string) => {
    mkdirSync(join(dir, 'run'), { recursive: true })
    const config = join(dir, 'run/sandbox.json')
    return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', '--config', config], { stdio: 'ignore' })
  }
  const [ours, theirs] = [start(home), start(other)]
  await Promise.all([ours, theirs].map((child) => new Promise((resolve) => child.once('spawn', resolve))))
  const ended = new Promise((resolve) => ours.once('exit', resolve))
  expect(await stopLeftovers(viewHome(home))).toEqual(['sandbox'])
  await ended
  expect(theirs.exitCode ?? theirs.signalCode).toBeNull()
  theirs.kill()
  for (const dir of [home, other]) rmSync(dir, { recursive: true, force: true })
})

test('nor does an engine that nobody noted stay, whatever it calls itself', async () => {
  const home = newHome()
  for (const folder of ['run/redis', 'pg']) mkdirSync(join(home, folder), { recursive: true })
  const config = join(home, 'run/redis.conf')
  writeFileSync(config, `port 0\nunixsocket ${join(home, 'run/redis/redis.sock')}\ndir ${home}\nsave ""\n`)
  const redis = spawn('/usr/bin/redis-server', [config], { stdio: ['ignore', 'pipe', 'ignore'] })
  await said(redis, 'ready to accept connections')
  const ended = new Promise((resolve) => redis.once('exit', resolve))
  expect(await stopLeftovers(viewHome(home))).toEqual(['redis'])
  await ended
  rmSync(home, { recursive: true, force: true })
})

function said(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes(words)) resolve()
    })
  })
}
