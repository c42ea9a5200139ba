import { linkSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type Home, viewHome } from './home.ts'
import { commandLineOf, isAlive, markOf, type ProcessMark, parseMark, printMark, processesOfUs } from './processes.ts'
import { Trouble } from './trouble.ts'

/** One supervisor per home. A lock whose process is gone is taken over. @throws Trouble when one is running */
export function takeLock(home: Home): () => void {
  const lock = home.path('run/supervisor.lock')
  const own = `run/supervisor.${process.pid}`
  const mark = markOf(process.pid)
  if (!mark) throw new Error('this process has no entry in /proc')
  home.write(own, printMark(mark))
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        linkSync(home.path(own), lock)
        return () => {
          if (holderOf(home)?.pid === process.pid) rmSync(lock, { force: true })
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        refuseLiving(home)
        setStaleAside(home)
      }
    }
    throw new Trouble(`Other starts take the lock ${lock} at the same time.`, {
      setting: 'COUNTROOM_HOME (one home, one appliance)',
      remedy: 'npx countroom status, then start once more',
    })
  } finally {
    rmSync(home.path(own), { force: true })
  }
}

/** Of two starts that find the same stale lock, one may take the other's fresh one away: that one is put back. */
function setStaleAside(home: Home): void {
  const lock = home.path('run/supervisor.lock')
  const aside = home.path(`run/supervisor.stale.${process.pid}`)
  try {
    renameSync(lock, aside)
    const mark = parseMark(readFileSync(aside, 'utf8'))
    if (mark && isAlive(mark)) linkSync(aside, lock)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** The living supervisor of a home, if there is one. */
export function holderOf(home: Home): ProcessMark | undefined {
  try {
    const mark = parseMark(readFileSync(home.path('run/supervisor.lock'), 'utf8'))
    return mark && isAlive(mark) ? mark : undefined
  } catch {
    return undefined
  }
}

function refuseLiving(home: Home): void {
  const holder = holderOf(home)
  if (holder)
    throw new Trouble(`An appliance already runs, or starts, in ${home.dir} (process ${holder.pid}).`, {
      setting: 'COUNTROOM_HOME (another home makes another appliance)',
      remedy: `npx countroom status, or stop it: kill ${holder.pid}`,
    })
}

/**
 * Stops what a killed supervisor left running, also that of a drill beside it. A process is ours when its pid file names its birth too and its
 * command line names this home; nothing else is touched.
 */
export async function stopLeftovers(home: Home): Promise<string[]> {
  const files = home.has('run') ? readdirSync(home.path('run')).filter((file) => file.endsWith('.pid')) : []
  const order = [
    'initdb',
    'edge',
    'core',
    'work',
    'sandbox',
    'keys',
    'sentinel',
    'redis',
    'patroni',
    'postgres',
    'etcd',
  ]
  const place = (name: string) => order.indexOf(name.replace(/-\d+$/, ''))
  const named = files.map((file) => file.slice(0, -4)).sort((a, b) => place(a) - place(b))
  const stopped: string[] = []
  for (const name of named) {
    const mark = parseMark(readFileSync(home.path('run', `${name}.pid`), 'utf8'))
    if (mark && isAlive(mark) && commandLineOf(mark.pid).includes(home.dir)) {
      await stopMark(mark, signalsTo(name))
      stopped.push(name)
    }
    rmSync(home.path('run', `${name}.pid`), { force: true })
  }
  for (const [name, mark] of unnoted(home)) {
    await stopMark(mark, signalsTo(name))
    stopped.push(name)
  }
  if (home.has('drill'))
    stopped.push(...(await stopLeftovers(viewHome(home.path('drill')))).map((each) => `${each} of a drill`))
  return stopped
}

function signalsTo(name: string): NodeJS.Signals[] {
  return name === 'postgres' ? ['SIGINT', 'SIGQUIT'] : ['SIGTERM', 'SIGKILL']
}

/** Ours as well: what reads its configuration, or keeps its data, in this home. A supervisor may be killed between a start and its note. */
function unnoted(home: Home): Array<[name: string, mark: ProcessMark]> {
  const ours = processesOfUs().flatMap(({ pid, program, words }): Array<[string, number]> => {
    const config = words[words.indexOf('--config') + 1]
    if (words.includes('--config') && config && dirname(config) === home.path('run'))
      return [[basename(config, '.json'), pid]]
    if (program.startsWith('redis-') && words.some((word) => word.includes(home.path('run/redis'))))
      return [[words.some((word) => word.includes('sentinel')) ? 'sentinel' : 'redis', pid]]
    if (words.includes(home.path('run/patroni.yml'))) return [['patroni', pid]]
    if (program === 'pgbackrest' && words.includes(`--config=${home.path('run/backup/pgbackrest.conf')}`))
      return [['pgbackrest', pid]]
    if (program === 'etcd' && words.includes(`--data-dir=${home.path('etcd')}`)) return [['etcd', pid]]
    if (program === 'postgres' && words[words.indexOf('-D') + 1] === home.path('pg')) return [['postgres', pid]]
    return []
  })
  return ours.flatMap(([name, pid]) => {
    const mark = markOf(pid)
    return mark ? [[name, mark]] : []
  })
}

async function stopMark(mark: ProcessMark, signals: NodeJS.Signals[]): Promise<void> {
  for (const signal of signals) {
    if (isAlive(mark)) process.kill(mark.pid, signal)
    for (let waited = 0; waited < 15_000 && isAlive(mark); waited += 50)
      await new Promise((done) => setTimeout(done, 50))
  }
}
