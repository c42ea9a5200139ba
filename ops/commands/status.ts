import { Command } from 'commander'
import * as ledger from '#ledger'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { memoryBytes, stateOf } from '../appliance/processes.ts'
import { cardOf, knownHome, runningCard } from '../appliance/running.ts'
import { nothingRunsExitCode } from '../appliance/trouble.ts'
import type { Card } from '../appliance.ts'

/** `countroom status`: one screen; exit code 0 when all runs and the books are sound, 2 when not, 3 when nothing runs. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what runs, on one screen')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => {
      const home = knownHome()
      if (options.json && !cardOf(home)) {
        process.stdout.write('{"running":false}\n')
        process.exitCode = nothingRunsExitCode
        return
      }
      const card = runningCard(home)
      const { enrolment: _secret, ...urls } = card.urls
      const processes = card.processes.map(withFacts)
      const books = await booksOf(home)
      if (options.json) process.stdout.write(`${JSON.stringify({ running: true, ...card, urls, processes, books })}\n`)
      else process.stdout.write(screen(card, processes, books))
      process.exitCode = books.state !== 'contradict' && processes.every((unit) => unit.state === 'running') ? 0 : 2
    })
}

/** The card tells what the supervisor knows; state and memory are the system's, of this moment. */
function withFacts(unit: Card['processes'][number]) {
  const bytes = unit.pid === undefined ? 0 : memoryBytes(unit.pid)
  return { ...unit, state: stateOf(unit.pid), memoryMegabytes: Math.round(bytes / 1024 ** 2) }
}

type Books = { state: 'sound' | 'contradict' | 'unproven' | 'unknown'; provenAt?: string; firstBad?: string }

/** How the books stand by the worker's last proof; it is told, not proven again here. */
async function booksOf(home: Home): Promise<Books> {
  const sql = connect(home, 'app')
  try {
    const last = await Promise.race([ledger.lastProof(sql), patience()])
    if (last === 'no answer') return { state: 'unknown' }
    if (!last) return { state: 'unproven' }
    const provenAt = last.at.toISOString()
    return last.ok ? { state: 'sound', provenAt } : { state: 'contradict', provenAt, firstBad: last.firstBad ?? '' }
  } catch {
    return { state: 'unknown' } // what is wrong with the database is the doctor's to say
  } finally {
    void sql.end({ timeout: 0 })
  }
}

const answerMsMax = 3000

function patience(): Promise<'no answer'> {
  return new Promise((resolve) => setTimeout(resolve, answerMsMax, 'no answer' as const).unref())
}

function wordsOf({ state, provenAt, firstBad }: Books): string {
  if (state === 'unproven') return 'Books not proven yet; the worker does it every minute'
  if (state === 'unknown') return 'Books unknown: the database does not answer; npx countroom doctor says why'
  if (state === 'sound') return `Books sound, proven ${provenAt}`
  return `BOOKS CONTRADICT THEMSELVES, by the proof of ${provenAt}: ${firstBad}\n  → ops/runbooks/books-contradict.md; npx countroom verify ledger`
}

function screen(card: Card, processes: Array<ReturnType<typeof withFacts>>, books: Books): string {
  const rows = processes.map((unit) =>
    [
      unit.name.padEnd(10),
      unit.state.padEnd(10),
      String(unit.pid ?? '-').padEnd(8),
      String(unit.restarts).padEnd(9),
      `${unit.memoryMegabytes} MB`.padEnd(9),
      unit.role,
    ].join(' '),
  )
  const head = ['process   ', 'state     ', 'pid     ', 'restarts ', 'memory   ', 'role'].join(' ')
  return `Countroom in ${card.home}\n\n${[head, ...rows].map((row) => `  ${row}`).join('\n')}\n\n  Lobby ${card.urls.lobby}   Operator ${card.urls.operator}   Inbox ${card.urls.inbox}\n  ${wordsOf(books)}\n`
}
