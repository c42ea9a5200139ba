import { join } from 'node:path'
import { wordsOfChaos } from '../../ops/backup/index.ts'
import { disaster, loseEverything } from './disaster.ts'
import { drillChaos } from './drill.ts'
import { openLab } from './lab.ts'
import { overV3, stealBack } from './over-v3.ts'
import { run } from './run.ts'
import { loseFirstSite } from './second-site.ts'
import { trials } from './trials.ts'
import { linesOf } from './words.ts'

/**
 * `npm run cluster`: three nodes and two edges on this machine, until Ctrl-C. `npm run cluster -- --try "planned switchover"` plays and strikes
 * instead, and ends; several names one after the other; `--try all` does all there is. `--try "the first site lost"` brings up a second site besides;
 * `--try "the primary cut off for 35 to 70 s, over the v3 API of etcd"` makes a cluster that loses money. `--drill` kills the primary
 * under load, reports, and writes signed evidence into `var/chaos-drills`: by the appliance of COUNTROOM_HOME, where it is set.
 */
const theSiteLost = 'the first site lost'
const [flag, ...wanted] = process.argv.slice(2)
const began = Date.now()
const say = (line: string) =>
  process.stdout.write(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}\n`)
if (process.getuid?.() !== 0) {
  process.stderr.write(
    'A cluster on one machine needs root: it makes network namespaces.\n  try: sudo npm run cluster\n',
  )
  process.exit(1)
}

const stopped = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
})
const names = [...trials.map(({ name }) => name), ...(flag === '--try' ? [theSiteLost, overV3, disaster, 'all'] : [])]
const isKnown =
  wanted.every((name) => names.includes(name)) && (flag === '--drill' ? wanted.length < 2 : wanted.length > 0)
if (flag !== undefined && !(['--try', '--drill'].includes(flag) && isKnown)) {
  process.stderr.write(
    `There is no such trial.\n  try: npm run cluster -- --try "<one of these>" "<another>"\n  ${names.join('\n  ')}\n`,
  )
  process.exit(1)
}
const isWanted = (name: string) => wanted.includes('all') || wanted.includes(name)
const site = flag === '--try' && wanted.includes(theSiteLost)
const lab = await openLab({ say, site, archived: !site })
let failed = false
if (flag === '--drill') {
  const trial = trials.find(({ name }) => name === (wanted[0] ?? 'the machine of the primary dies'))!
  const home = process.env.COUNTROOM_HOME
  const out = join(import.meta.dirname, '../../var/chaos-drills')
  const { record, file } = await drillChaos(lab, trial, { perSecond: 50, out, ...(home ? { home } : {}) })
  process.stdout.write(`${wordsOfChaos(record)}Evidence: ${file}\n`)
  failed = !record.ok
} else if (site) {
  const seen = await loseFirstSite(lab, 50)
  say(`the first site lost, its way to the second cut for ${seen.cutSeconds} s before:`)
  say(`  ${seen.account.acknowledged.size} acknowledged, ${seen.lost.length} lost, ${seen.doubled.length} doubled,`)
  say(
    `  ${seen.lostBeforeTold.length} of them from before the moment that was told (${seen.promoted.answered.lastCommit})`,
  )
  say(
    `  promoted in ${seen.promoted.seconds.toFixed(1)} s, ${seen.gapSeconds.toFixed(1)} s until a bet was acknowledged`,
  )
} else if (flag === '--try') {
  for (const trial of trials.filter(({ name }) => isWanted(name)))
    for (const line of linesOf(await run(lab, trial, 50))) say(line)
  if (wanted.includes(overV3)) say(`${overV3}: ${JSON.stringify(await stealBack(lab, 50))}`)
  if (isWanted(disaster)) say(`${disaster}: ${JSON.stringify(await loseEverything(lab, 50))}`)
} else {
  const [first] = lab.nodes
  say('It runs. Players come in at the virtual address; nodes and edges are network namespaces:')
  for (const { home, machine } of [...lab.nodes, ...lab.edges])
    process.stdout.write(`        ip netns exec ${machine.name} bash    # ${machine.address}, COUNTROOM_HOME=${home}\n`)
  process.stdout.write(`
  Players        https://${lab.door.address}:8443/  (as localhost; CA ${lab.door.ca})
  Who leads      ip netns exec ${first!.machine.name} env COUNTROOM_HOME=${first!.home} npx countroom cluster status
  Pull a plug    ip netns exec ${first!.machine.name} ip link set eth0 down    # and up
  Stop           Ctrl-C

`)
  await stopped
}
say('Taking it down')
await lab.down()
process.exit(failed ? 1 : 0)
