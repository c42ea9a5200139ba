import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeLimitMemory, openLimitMemory } from '../../../edge/limit/memory.ts'

/** Memory of a host: processes count together, and one that is killed in the middle of it leaves the others what is right. */
const burst = 5000

/** A process that takes all it can get of some askers. Answers how often it was let in, of each. */
function hammer(fd: number): { child: ChildProcess; admitted: Promise<number[]> } {
  const child = spawn(
    process.execPath,
    ['--no-addons', new URL('./hammer-process.ts', import.meta.url).pathname, String(burst)],
    {
      stdio: ['ignore', 'pipe', 'inherit', fd],
    },
  )
  let said = ''
  child.stdout!.on('data', (chunk) => {
    said += chunk
  })
  return {
    child,
    admitted: new Promise((resolve) => child.once('close', () => resolve(said === '' ? [] : JSON.parse(said)))),
  }
}

test('processes that share it let in what one would, and one that was killed keeps nobody out', {
  timeout: 60_000,
}, async () => {
  const fd = makeLimitMemory()!
  expect(fd).toBeDefined()
  const victim = hammer(fd)
  const others = [hammer(fd), hammer(fd)]
  setTimeout(() => victim.child.kill('SIGKILL'), 150)
  const admitted = await Promise.all([victim, ...others].map((each) => each.admitted))
  const whole = admitted.filter((each) => each.length > 0)
  expect(whole.length).toBeGreaterThanOrEqual(2)
  for (let who = 0; who < 8; who++) {
    const sum = whole.reduce((total, each) => total + each[who]!, 0)
    expect(sum).toBeLessThanOrEqual(burst)
    expect(sum).toBeGreaterThan(whole.length === 3 ? burst - 4 : 0)
  }
  closeSync(fd)
})

test('where memory cannot be shared, a worker has its own and says so', () => {
  const memory = openLimitMemory(undefined)
  expect(memory.isShared).toBe(false)
  memory.hash.of('x')
  const one = memory.hash.low
  const other = openLimitMemory(undefined)
  other.hash.of('x')
  expect(other.hash.low).not.toBe(one) // a secret of its own
})
