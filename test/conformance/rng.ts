import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createGenerator, type Generator, type Stream } from '#rng'
import { headOf } from './head.ts'
import { collectors } from './outcomes.ts'
import { judge, verdictsOn } from './randomness.ts'

/** The generator's output, and what to wait for where it is in doubt. */
type Feed = { stream: Stream; ready(): Promise<void> }

export type Scope = { outcomes: number; megabytes: number; dieharder: 'some' | 'all' }

const wordsAtOnce = 16_384
/** Of dieharder those that its authors call good and that are done in minutes: birthdays, ranks of matrices, counts of ones, parking, spheres, runs, craps, of the sts family monobit, runs and serial, and Marsaglia and Tsang's gcd. */
const dieharderTests = [0, 2, 3, 8, 9, 10, 11, 12, 15, 16, 17, 100, 101, 102]

/** Our own tests on final outcomes, then those of Debian's packages on raw output. Prints a report in Markdown. */
export async function conformRandomness(scope: Scope): Promise<boolean> {
  const generator = await createGenerator({
    sources: { kernel: async (bytes) => randomBytes(bytes) },
    personalisation: `conformance ${process.pid}`,
  })
  const stream = generator.stream(wordsAtOnce)
  const feed: Feed = { stream, ready: generator.ready }
  console.log(headOf(scope))
  const results = [
    await ownTests(generator, stream, scope.outcomes),
    await ent(feed, scope.megabytes),
    await rngtest(feed, scope.megabytes),
    await dieharder(feed, scope.dieharder),
  ]
  generator.close()
  const passed = results.every(Boolean)
  console.log(`\n**${passed ? 'Passed.' : 'NOT PASSED.'}**`)
  return passed
}

async function ownTests(generator: Generator, stream: Stream, count: number): Promise<boolean> {
  const verdicts: ReturnType<typeof verdictsOn> = []
  for (const collect of collectors(stream, count)) {
    await generator.reseed() // by the clock it would be, but nothing else happens while a part is collected
    verdicts.push(...collect().flatMap(verdictsOn))
  }
  const { passed, worst, low, lowMax } = judge(verdicts)
  console.log(`## Final outcomes, ${count.toLocaleString('en')} of each sequence, together at 99 %\n`)
  console.log('| test | sequences | least p | below 0.01 |\n|---|---|---|---|')
  for (const [test, of] of Map.groupBy(verdicts, ({ test }) => test)) {
    const least = Math.min(...of.map(({ p }) => p))
    console.log(`| ${test} | ${of.length} | ${least.toExponential(1)} | ${of.filter(({ p }) => p < 0.01).length} |`)
  }
  console.log(
    `\n${verdicts.length} verdicts; least p ${worst.p.toExponential(1)} (${worst.test}, ${worst.sequence}); ${low} below 0.01, at most ${lowMax} expected: ${passed ? 'passed' : 'NOT PASSED'}\n`,
  )
  return passed
}

/** Entropy, chi-square, mean, pi, serial correlation. Its chi-square is judged at 99.9 % on either side. */
async function ent(feed: Feed, megabytes: number): Promise<boolean> {
  const said = await fed(['ent', '-t'], feed, megabytes * 2 ** 20)
  const [, bytes, entropy, chiSquare, mean, pi, correlation] = said.trim().split('\n').at(-1)!.split(',').map(Number)
  const passed = chiSquare! > 190.87 && chiSquare! < 330.52 // 255 degrees of freedom, one in a thousand on either side
  console.log(`## ent, ${bytes!.toLocaleString('en')} bytes\n`)
  console.log(
    `entropy ${entropy} bits a byte, chi-square ${chiSquare} (255 degrees of freedom), mean ${mean}, pi by Monte Carlo ${pi}, serial correlation ${correlation}: ${passed ? 'passed' : 'NOT PASSED'}\n`,
  )
  return passed
}

/** The tests of FIPS 140-2 on blocks of 20,000 bits; a perfect generator fails about one block in 1,200. */
async function rngtest(feed: Feed, megabytes: number): Promise<boolean> {
  const said = await fed(['rngtest'], feed, megabytes * 2 ** 20)
  const found = (what: string) => Number(new RegExp(`FIPS 140-2 ${what}: (\\d+)`).exec(said)?.[1])
  const [successes, failures] = [found('successes'), found('failures')]
  const blocks = successes + failures
  const expected = blocks / 1200
  const passed = blocks > 100 && failures <= expected + 4 * Math.sqrt(expected) + 2
  console.log('## rngtest (FIPS 140-2)\n')
  console.log(
    `${blocks} blocks of 20,000 bits, ${failures} failed, some ${expected.toFixed(1)} expected: ${passed ? 'passed' : 'NOT PASSED'}\n`,
  )
  return passed
}

/** By a pipe, so that nothing is read twice. */
async function dieharder(feed: Feed, scope: Scope['dieharder']): Promise<boolean> {
  const runs = scope === 'all' ? [['-a']] : dieharderTests.map((test) => ['-d', String(test)])
  const rows: string[][] = []
  for (const run of runs) {
    const said = await fed(['dieharder', '-g', '200', ...run], feed)
    for (const line of said.split('\n')) {
      const cells = line.split('|').map((cell) => cell.trim())
      if (/^(PASSED|WEAK|FAILED)$/.test(cells[5] ?? '')) rows.push(cells)
    }
  }
  const of = (assessment: string) => rows.filter((cells) => cells[5] === assessment).length
  // A perfect generator is called weak once in a hundred tests, and failed once in a million.
  const passed = rows.length > 0 && of('FAILED') === 0 && of('WEAK') <= 2 + rows.length * 0.05
  console.log(
    scope === 'all'
      ? '## dieharder, all of -a\n'
      : `## dieharder, some of -a: tests ${dieharderTests.join(', ')}; \`--dieharder all\` runs every one\n`,
  )
  console.log('| test | n-tuple | p | assessment |\n|---|---|---|---|')
  for (const [test, tuple, , , p, assessment] of rows) console.log(`| ${test} | ${tuple} | ${p} | ${assessment} |`)
  console.log(`\n${rows.length} tests, ${of('WEAK')} weak, ${of('FAILED')} failed: ${passed ? 'passed' : 'NOT PASSED'}`)
  return passed
}

/** What a program says that reads from the generator: so many bytes, or as many as it takes. */
async function fed(
  [command = '', ...args]: string[],
  { stream, ready }: Feed,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  const ended = once(child, 'close')
  let open = true
  child.stdin.on('error', () => {
    open = false // it has read what it wanted
  })
  child.on('exit', () => {
    open = false
  })
  for (let left = bytesMax; open && left > 0; left -= wordsAtOnce * 4) {
    await ready()
    const chunk = Buffer.from(stream.words(wordsAtOnce).buffer).subarray(0, Math.min(left, wordsAtOnce * 4))
    if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain').catch(() => {}), ended])
  }
  child.stdin.end()
  await ended
  return said
}
