import { X509Certificate } from 'node:crypto'
import type { Certificates } from './files.ts'
import { readAnswer, requestFor, responderOf } from './ocsp.ts'

export type Staples = {
  /** What is stapled to a certificate (DER), while it is good; undefined: nothing. */
  of(certificate: Buffer): Buffer | undefined
  close(): void
}

type Staple = { answer: Buffer; endsMs: number }

const againMs = 5 * 60_000
const longestMs = 12 * 3_600_000
const patienceMs = 10_000
const answerBytesMax = 64 * 1024

/**
 * What the authority says of certificates, to be shown in handshakes, so that no client has to ask (RFC 6066, 8). Asked where a certificate names
 * a responder and its issuer stands behind it in its file; again at half of an answer's life. Whatever goes wrong, nothing is stapled, and clients
 * do what they do without: most authorities have no responder any more. `onChange` hears until when a staple is good, 0 for none.
 */
export function openStaples(
  all: readonly Certificates[],
  onChange: (index: number, endsMs: number, problem: string | undefined) => void = () => {},
): Staples {
  const staples = new Map<string, Staple>()
  const keepers = all.map((certificates, index) => keep(certificates, index))
  return {
    of(certificate) {
      const staple = staples.get(certificate.toString('latin1'))
      return staple && staple.endsMs > Date.now() ? staple.answer : undefined
    },
    close() {
      for (const keeper of keepers) keeper.close()
    },
  }

  function keep(certificates: Certificates, index: number) {
    let timer: NodeJS.Timeout | undefined
    let round = 0
    let own = ''
    const begin = () => {
      round++
      clearTimeout(timer)
      staples.delete(own)
      const [leaf, issuer] = chainOf(certificates.current().cert)
      const responder = leaf && responderOf(leaf)
      own = leaf?.raw.toString('latin1') ?? ''
      if (leaf && issuer && responder) void look(leaf, issuer, responder, round)
    }
    certificates.onChange(begin)
    begin()
    return {
      close() {
        round++
        clearTimeout(timer)
      },
    }

    async function look(
      leaf: X509Certificate,
      issuer: X509Certificate,
      responder: string,
      ours: number,
    ): Promise<void> {
      const key = own
      let waitMs = againMs
      let problem: string | undefined
      try {
        const answer = await ask(responder, requestFor(leaf, issuer))
        const { endsMs } = readAnswer(answer, leaf, issuer, Date.now())
        if (ours === round) staples.set(key, { answer, endsMs })
        waitMs = Math.min(longestMs, Math.max(againMs, (endsMs - Date.now()) / 2))
      } catch (error) {
        problem = (error as Error).message
      }
      if (ours !== round) return // there is another certificate by now
      onChange(index, staples.get(key)?.endsMs ?? 0, problem)
      timer = setTimeout(() => void look(leaf, issuer, responder, ours), waitMs).unref()
    }
  }
}

/** Within `patienceMs` to the last byte of the answer, and never more than `answerBytesMax`. */
async function ask(responder: string, body: Buffer): Promise<Buffer> {
  const response = await fetch(responder, {
    method: 'POST',
    headers: { 'content-type': 'application/ocsp-request' },
    body: new Uint8Array(body),
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`the responder answers ${response.status}`)
  }
  return readBounded(response)
}

/** Bytes that are too many are not read: who leaves a loop over a body ends its connection. */
async function readBounded({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > answerBytesMax) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The certificates of a file, from the own one on. */
function chainOf(pem: Buffer): X509Certificate[] {
  const texts = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return texts.map((text) => new X509Certificate(text))
}
