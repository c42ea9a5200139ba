import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { until } from '../support/client.ts'
import { cardShown, countroom, launch, newHome, processesOf, removeHome, type Started } from './command.ts'

/** A disk that fills up under a running appliance: the supervisor stays, and all is well again once there is room. */
const home = newHome()
let running: Started | undefined
afterAll(async () => {
  running?.child.kill('SIGTERM')
  await running?.ended
  removeHome(home)
})

const root = process.getuid?.() === 0
const namespace = root
  ? ['unshare', '--mount']
  : ['unshare', '--user', `--map-user=${process.getuid?.()}`, '--keep-caps', '--mount']

test('filled while it runs, then freed: the same supervisor serves again, and all that was there is there', async () => {
  running = launch(home, ['up', '--free-ports'], {
    within: [...namespace, 'sh', '-c', `mount -t tmpfs -o size=640M,mode=755 tmpfs ${home} && exec "$@"`, 'sh'],
  })
  await cardShown(running)
  const pid = running.child.pid as number
  // The file system is in the namespace of the supervisor only; its commands are run there too.
  const inside = ['nsenter', `--target=${pid}`, '--mount', ...(root ? [] : ['--user', '--preserve-credentials'])]
  const seen = join('/proc', String(pid), 'root', home)
  execFileSync('sh', ['-c', `cat /dev/zero > ${seen}/ballast 2> /dev/null || true`])

  for (const name of ['postgres', 'core-1']) process.kill(await pidOf(name), 'SIGKILL')
  const full = await countroom(home, ['doctor'], { within: inside })
  expect(full.code).toBe(2)
  expect(full.out).toMatch(/BROKEN {3}disk +only 0 MiB free/)
  await new Promise((resolve) => setTimeout(resolve, 1500)) // some restarts, into a disk that takes nothing
  expect(running.child.exitCode, running.said()).toBeNull()

  rmSync(join(seen, 'ballast'))
  await until(
    'the appliance to serve again',
    async () => {
      const { findings } = JSON.parse((await countroom(home, ['doctor', '--json'], { within: inside })).out) as {
        findings: Array<{ id: string; severity: string }>
      }
      const sound = (id: string) => findings.find((finding) => finding.id === id)?.severity === 'sound'
      return ['postgres', 'disk', 'ledger', 'audit'].every(sound) ? true : undefined
    },
    60,
  )
  running.child.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
  expect(processesOf(home)).toEqual([])

  async function pidOf(name: string): Promise<number> {
    const { out } = await countroom(home, ['status', '--json'], { within: inside })
    const { processes } = JSON.parse(out) as { processes: Array<{ name: string; pid: number }> }
    return processes.find((unit) => unit.name === name)!.pid
  }
}, 150_000)

test('full before a later start: refused with the path, and nothing of it is touched', async () => {
  expect(existsSync(join(home, 'pg'))).toBe(false) // the mount went with the supervisor
  const script = [
    `mount -t tmpfs -o size=24M,mode=755 tmpfs ${home}`,
    `mkdir ${home}/pg ${home}/token && echo 15 > ${home}/pg/PG_VERSION && echo then > ${home}/installed`,
    root ? `chown -R countroom: ${home}/pg ${home}/installed` : ':',
    `"$@"; code=$?; ls ${home}; exit $code`,
  ].join('\n')
  const { code, out } = await countroom(home, ['up', '--free-ports'], {
    within: [...namespace, 'sh', '-c', script, 'sh'],
  })
  expect(code).toBe(1)
  expect(out).toMatch(/disk is full: .* has \d+ MiB free, a start needs 32/)
  expect(out).toMatch(/installed\npg\nrun\ntoken\n$/)
})
