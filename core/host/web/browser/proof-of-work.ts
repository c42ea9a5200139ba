/**
 * The work that the edge asks for where passwords are being tried by the thousand: a number which, behind the challenge and a colon, makes a
 * SHA-256 that begins with so many zero bits. Answers challenge and number, as the header `x-proof` has them.
 */
export async function work(challenge: string, bits: number): Promise<string> {
  const encoder = new TextEncoder()
  for (let from = 0; ; from += atOnce) {
    const tries = Array.from({ length: atOnce }, (_, i) => `${challenge}:${from + i}`)
    const digests = await Promise.all(tries.map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))))
    const found = digests.findIndex((digest) => new DataView(digest).getUint32(0) >>> (32 - bits) === 0)
    if (found !== -1) return tries[found] as string
  }
}

const atOnce = 256
