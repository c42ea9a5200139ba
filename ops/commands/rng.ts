import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command, InvalidArgumentError } from 'commander'
import { Refusal } from '#base'
import { catalogue, gameOf, playOut } from '#games'
import { connectKeys } from '#keys'
import { createGenerator, type Generator, record, type Stream } from '#rng'
import { openKernelEvents } from '../../core/host/kernel-events.ts'
import { openKernelRandom } from '../../core/host/kernel-random.ts'
import { knownHome } from '../appliance/running.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'

const wordsAtOnce = 16_384
const bitsMax = 8 * 2 ** 40
const roundsMax = 2 ** 40

/**
 * `countroom rng`: what a test laboratory asks for (GLI-19 3.2.2). An instance of its own of the generator that plays, seeded from the token and
 * the kernel; what it gives out is in no round.
 */
export function rngCommand(): Command {
  const rng = new Command('rng').description('output of the generator of outcomes, for test laboratories')
  rng
    .command('raw')
    .description(
      'bits as the generator makes them, unscaled; without the bytes of the kernel that are joined to them in play',
    )
    .requiredOption('--bits <n>', 'how many, a multiple of 8; laboratories ask for some 96,000,000', upTo(bitsMax, 8))
    .option('--out <file>', 'a new file; standard output without it')
    .action(async ({ bits, out }: { bits: number; out?: string }) => {
      await give(false, out, function* (stream) {
        for (let left = bits / 8; left > 0; left -= wordsAtOnce * 4)
          yield Buffer.from(stream.words(wordsAtOnce).buffer).subarray(0, Math.min(left, wordsAtOnce * 4))
      })
    })
  rng
    .command('outcomes')
    .description(
      'rounds of a game as they are drawn in play, a line of JSON each: every draw (what for, out of how many, which) and the final outcome; where a player decides, as the rules complete a round nobody comes back to',
    )
    .requiredOption(
      '--game <id>',
      catalogue()
        .map(({ id }) => id)
        .join(', '),
      gameNamed,
    )
    .requiredOption('--n <rounds>', 'how many', upTo(roundsMax))
    .option('--out <file>', 'a new file; standard output without it')
    .action(async ({ game, n, out }: { game: ReturnType<typeof gameOf>; n: number; out?: string }) => {
      const choice = game.readChoice(game.sample, 'EUR')
      await give(true, out, function* (stream) {
        for (let round = 0; round < n; round++) {
          const { draws, taken } = record(stream)
          const { outcome } = playOut(game, choice, draws)
          yield `${JSON.stringify({ draws: taken, outcome })}\n`
        }
      })
    })
  return rng
}

type Output = (stream: Stream) => Iterable<Buffer | string>

/** Writes what is made of a stream, no faster than it is taken. Who reads it from a pipe may have enough before the end. */
async function give(asInPlay: boolean, out: string | undefined, output: Output) {
  const keys = connectKeys({ socket: agentSocket(knownHome(), 'ops') })
  const target = out === undefined ? process.stdout : await created(out)
  try {
    const fresh = openKernelRandom()
    const generator = await createGenerator({
      sources: { token: (bytes) => keys.random(bytes), kernel: async (bytes) => fresh(bytes) },
      copied: openKernelEvents(),
      ...(asInPlay ? { fresh } : {}),
      personalisation: `laboratory ${process.pid}`,
    })
    const given = Readable.from(settled(generator, output(generator.stream(wordsAtOnce))))
    await pipeline(given, target, { end: out !== undefined }).catch((error: NodeJS.ErrnoException) => {
      if (out === undefined && error.code === 'EPIPE') return
      throw new Trouble(`What was written is not whole: ${error.message}.`, { setting: '--out', remedy: 'df -h' })
    })
    generator.close()
  } finally {
    await keys.close()
  }
}

/** After a doubt no more is made before the next seed. */
async function* settled<T>(generator: Generator, output: Iterable<T>): AsyncIterable<T> {
  for (const made of output) {
    yield made
    await generator.ready()
  }
}

async function created(out: string): Promise<Writable> {
  const file = createWriteStream(out, { flags: 'wx', mode: 0o600 })
  await once(file, 'open').catch((error: NodeJS.ErrnoException) => {
    throw new Trouble(`${out} cannot be made: ${error.code === 'EEXIST' ? 'it is there already' : error.message}.`, {
      setting: '--out',
      remedy: `ls -l ${out}`,
    })
  })
  return file
}

function upTo(max: number, multipleOf = 1) {
  return (text: string): number => {
    const number = Number(text)
    if (/^\d{1,15}$/.test(text) && number > 0 && number <= max && number % multipleOf === 0) return number
    throw new InvalidArgumentError(
      `It is a whole number from ${multipleOf} to ${max}${multipleOf > 1 ? `, a multiple of ${multipleOf}` : ''}.`,
    )
  }
}

function gameNamed(id: string) {
  try {
    return gameOf(id)
  } catch (error) {
    if (error instanceof Refusal) throw new InvalidArgumentError(error.message)
    throw error
  }
}
