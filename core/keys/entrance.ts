import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

/**
 * How a connection to the agent begins, on every socket but that of `ops`: the asker wants a nonce (`challenge`) and answers with its
 * certificate's chain and a signature of that certificate's key (`enter`). Once per connection; until then nothing else is answered.
 */
export type ClientRole = 'core' | 'work' | 'edge'

/** What an asker shows: chain (its own certificate, then the issuing authority's) and private key, PEM. */
export type Credential = { chain: string; key: string }

/** For which socket, and where the certificate comes from: asked at each connection, because it is renewed meanwhile. */
export type Presenting = { role: ClientRole; credential(): Credential | Promise<Credential> }

export const nonceBytes = 32

/** What is signed: that it is an entrance to a key agent and nothing else, by which socket, in answer to this very nonce. */
export function entranceStatement(role: string, nonce: Buffer): Buffer {
  return Buffer.from(`countroom key agent entrance v1\n${role}\n${nonce.toString('base64')}\n`)
}

/** @throws Error where key and certificate do not fit, as between the writing of one and of the other */
export function answerChallenge(role: ClientRole, { chain, key }: Credential, nonce: Buffer): Record<string, string> {
  const own = createPrivateKey(key)
  if (!new X509Certificate(chain).checkPrivateKey(own)) throw new Error('key and certificate do not fit together')
  return { chain, signature: sign('sha256', entranceStatement(role, nonce), own).toString('base64') }
}

/** The certificate of a process as it stands in its files. */
export function presentFiles(role: ClientRole, files: { cert: string; key: string }): Presenting {
  return {
    role,
    credential: () => ({ chain: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }),
  }
}
