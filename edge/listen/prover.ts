import type { Socket } from 'node:net'
import { createSecureContext, createServer, type SecureContext } from 'node:tls'
import { readFirst } from './first-bytes.ts'

/** That a name is ours, as an authority for certificates wants to see it in a handshake (RFC 8737). */
export type NameProof = { name: string; cert: string; key: string }

export type Prover = {
  /** What is to be proven now; nothing, most of the time. */
  show(proofs: readonly NameProof[]): void
  /** Answers an authority; everybody else goes on to `next`, with nothing read. */
  take(socket: Socket, next: () => void): void
}

const protocol = 'acme-tls/1'
/** As it stands in the extension of a first message, behind its length. */
const sign = Buffer.from(`\x0a${protocol}`, 'latin1')
const handshakeType = 0x16
const headBytes = 5

/** Looks at who connects only as long as there is something to prove, because a certificate is chosen before the protocol is known. */
export function openProver(): Prover {
  const contexts = new Map<string, SecureContext>()
  const server = createServer(
    {
      ALPNProtocols: [protocol],
      minVersion: 'TLSv1.2',
      SNICallback: (name, done) => done(null, contexts.get(name.toLowerCase())), // for other names there is no certificate
    },
    (socket) => socket.end(), // the handshake was all
  )
  server.on('tlsClientError', () => {})
  return {
    show(proofs) {
      contexts.clear()
      for (const { name, cert, key } of proofs) contexts.set(name.toLowerCase(), createSecureContext({ cert, key }))
    },
    take(socket, next) {
      if (contexts.size === 0) return next()
      readFirst(socket, isAsked, ({ asked }) => (asked ? void server.emit('connection', socket) : next()))
    },
  }
}

/** Undefined until the first message is there whole. It stays where it was. */
function isAsked(heard: Buffer): { bytes: number; asked: boolean } | undefined {
  if (heard.length >= 1 && heard[0] !== handshakeType) return { bytes: 0, asked: false }
  if (heard.length < headBytes || heard.length < headBytes + heard.readUInt16BE(3)) return undefined
  return { bytes: 0, asked: heard.includes(sign) }
}
