import { systemCommand } from '#base'
import * as keys from '#keys'
import { advance, beginRotation } from '../../core/host/rotation.ts'
import type { World } from './world.ts'

/** A rotation as the operator's command and the worker do it, in steps a test can stand between. */
export function rotator(world: World) {
  const ops = world.agent.as('ops')
  const work = world.agent.as('work')
  const command = () => ({ ...systemCommand('test'), keys: work })
  const host = { sql: world.sql, keys: work, now: () => new Date(), log: { info() {}, error() {} } as never }
  return {
    ops,
    host,
    /** Makes and activates a new epoch, and begins to move to it. Answers its name. */
    async begin(family: string): Promise<string> {
      const rotation = await world.act((tx) => keys.askRotation(tx, command(), family))
      const epoch = (await ops.activate((await ops.create(family)).key)).key
      const older = (await ops.list())
        .filter((entry) => entry.family === family && entry.state === 'decrypt-only')
        .map(({ key }) => key)
      await world.act((tx) => beginRotation(tx, command(), { rotation, family, epoch, older }))
      return epoch
    },
    /** One run of the worker's job. */
    async run(options: { batch?: number; host?: Partial<typeof host> } = {}): Promise<void> {
      for (const rotation of await keys.openRotations(world.sql))
        await advance({ ...host, ...options.host }, rotation, options.batch)
    },
    async finish(): Promise<void> {
      for (let runs = 0; (await keys.openRotations(world.sql)).length > 0; runs++) {
        if (runs === 20) throw new Error('a rotation does not end')
        await this.run()
      }
    },
  }
}
