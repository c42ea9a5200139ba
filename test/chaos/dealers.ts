import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type * as games from '#games'
import type { Credential } from '#keys'

/** What a process does that plays as a core does, until it is killed (`dealer.ts`). */
export type DealerTask = {
  database: { host: string; port: number; database: string }
  seats: Array<{ wallet: string; session: string; player: string }>
  /** Does this for the first seat, tells what came of it, and leaves; without it, it deals blackjack for all of them. */
  once?: Once
  /** Dies by SIGKILL before so many-eth statement of its transactions; of the commit, and of the telling, too. */
  dieBefore?: number
  /** How it comes to the key agent: the seeds of fair rounds are sealed. */
  agent?: { socket: string; credential: Credential }
}

export type Once =
  | { what: 'bet'; game: string; choice: unknown; key: string; fair: boolean }
  /** `breaks`: the mathematics of the game fail. */
  | { what: 'move'; round: string; step: number; move: unknown; breaks: boolean }
  /** As the worker does with a round nobody comes back to, at that instant. */
  | { what: 'conclude'; round: string; at: string }

export type Told = { wallet: string; round: games.RoundView } | 'all wait'

export function spawnDealer(task: DealerTask, hear: (line: Told) => void) {
  const dealer = spawn(process.execPath, [join(import.meta.dirname, 'dealer.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [rest, complaints] = ['', '']
  dealer.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  dealer.stdout.on('data', (chunk: Buffer) => {
    const texts = (rest + chunk.toString()).split('\n')
    rest = texts.pop()! // cut by death, or not yet whole
    for (const text of texts) hear(JSON.parse(text) as Told)
  })
  return {
    /** How it came to its end. */
    ended: new Promise<string | number | null>((resolve) =>
      dealer.once('close', (code, signal) => resolve(signal ?? code)),
    ),
    hasEnded: () => dealer.exitCode !== null,
    complaints: () => complaints,
    kill: () => dealer.kill('SIGKILL'),
  }
}
