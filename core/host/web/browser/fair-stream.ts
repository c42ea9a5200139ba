/** Provably fair draws, made in the player's own browser: `core/games/fairness/algorithm.md` says how, and nothing of this asks the house. */
export type Seeds = { serverSeed: string; clientSeed: string; nonce: string }

const words = 2 ** 32

/** Draws for these ranges, in order. @throws Error for a seed that is none */
export async function fairDraws(seeds: Seeds, ranges: readonly number[]): Promise<number[]> {
  const draw = await openFair(seeds)
  const drawn: number[] = []
  for (const range of ranges) drawn.push(await draw(range))
  return drawn
}

/** The stream of a round: each call is the next draw out of a range. @throws Error for a seed that is none */
export async function openFair({ serverSeed, clientSeed, nonce }: Seeds): Promise<(range: number) => Promise<number>> {
  const key = await crypto.subtle.importKey('raw', bytesOf(serverSeed), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ])
  let block = new DataView(new ArrayBuffer(0))
  let blocks = 0
  let at = 0
  return draw

  async function draw(range: number): Promise<number> {
    const end = words - (words % range)
    for (;;) {
      const word = await next()
      if (word < end) return word % range
    }
  }

  async function next(): Promise<number> {
    if (at === block.byteLength) {
      const message = new TextEncoder().encode(`${clientSeed}:${nonce}:${blocks++}`)
      block = new DataView(await crypto.subtle.sign('HMAC', key, message))
      at = 0
    }
    at += 4
    return block.getUint32(at - 4)
  }
}

/** What the house showed before: the SHA-256 of the seed it kept. */
export async function commitmentOf(serverSeed: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(serverSeed)))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  if (!/^([0-9a-f]{2}){32}$/i.test(hex)) throw new Error('A server seed is 64 hexadecimal digits.')
  return new Uint8Array(hex.match(/../g)!.map((byte) => Number.parseInt(byte, 16)))
}
