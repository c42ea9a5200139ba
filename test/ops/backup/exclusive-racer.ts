import { mkdirSync, rmdirSync } from 'node:fs'
import { viewHome } from '../../../ops/appliance/home.ts'
import { exclusively } from '../../../ops/backup/exclusive.ts'

/** One of several that want to work on a home, again and again, for two seconds. */
const home = viewHome(process.argv[2]!)
const until = Date.now() + 2000
let [worked, overlaps] = [0, 0]
while (Date.now() < until) {
  await exclusively(home, 'race', async () => {
    try {
      mkdirSync(home.path('run/at-work'))
    } catch {
      overlaps++
      return
    }
    await new Promise((done) => setTimeout(done, 3))
    rmdirSync(home.path('run/at-work'))
    worked++
  }).catch(() => {})
  await new Promise((done) => setTimeout(done, Math.random() * 3))
}
process.send!({ worked, overlaps })
