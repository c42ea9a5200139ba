import { X509Certificate } from 'node:crypto'
import type { SecureContext, SecureContextOptions, Server, TlsOptions } from 'node:tls'
import type { EdgeConfig, Face } from '../config.ts'
import { observeCertificates, stapleEnds } from '../metrics.ts'
import { rolesShown } from './clients.ts'
import { publicTls } from './contexts.ts'
import { type Certificates, openCertificates } from './files.ts'
import { byName, type Names } from './names.ts'
import { openStaples } from './staples.ts'
import { oneKey, openTicketKeys, sealTickets, type TicketKeys } from './tickets.ts'

/** What a face shows those who connect: certificates by name and kind of key, and tickets to come back with. */
export type Shown = {
  /** For making the server. */
  readonly options: TlsOptions
  /** The certificate that is shown when no name is asked for, with whom the face judges clients by. */
  readonly usual: Certificates
  /** Keeps a server at what is true: new files, new keys of tickets. */
  attach(server: Server): void
}

const lookAtTicketsEveryMs = 10_000

/** @throws Error when files do not fit together, OpenKey when others can read a private key */
export function openShown(face: Face, { listeners, tls, tickets }: EdgeConfig): Shown {
  const { cert, key, certificates: others } = listeners[face]
  const asksClients = rolesShown(face, listeners.operator.people) !== undefined
  const judge = asksClients ? { ca: tls.ca, crl: tls.crl } : {}
  const all = [{ cert, key }, ...others].map((files) => openCertificates({ ...files, ...judge }))
  const keys = tickets && !asksClients ? openTicketKeys(tickets) : undefined
  const useOf = (index: number) => (index === 0 ? face : `${face} ${index + 1}`)
  all.forEach((each, index) => {
    observeCertificates(useOf(index), each)
  })
  let names = read()
  // Which of two kinds of key a client takes nobody says before its certificate is chosen; so nothing is stapled where there are two.
  const isOneKind = new Set(all.map(kindOf)).size === 1
  const staples = openStaples(isOneKind ? all : [], (index, endsMs) =>
    stapleEnds.set({ use: useOf(index) }, endsMs / 1000),
  )
  return {
    usual: all[0] as Certificates,
    options: { ...names.usual, SNICallback: choose },
    attach(server) {
      if (keys) keepTickets(server, keys)
      server.once('close', staples.close)
      server.on('OCSPRequest', (certificate, _, done) => done(null, staples.of(certificate) as Buffer))
      for (const each of all)
        each.onChange(() => {
          names = read()
          server.setSecureContext(names.usual)
          if (keys) sealServer(server, keys)
        })
    },
  }

  function read(): Names {
    const settings = (parts: SecureContextOptions) => ({ ...publicTls(parts), sessionIdContext: `countroom ${face}` })
    const parts = all.map((each) => each.current())
    return byName(parts, settings, (context) => keys && sealTickets(context, keys))
  }

  /** Whatever goes wrong with a name, who asks gets the usual certificate: an error here would end the process. */
  function choose(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    let context: SecureContext | undefined
    try {
      context = names.contextFor(name)
    } catch {
      context = undefined
    }
    done(null, context)
  }
}

function kindOf(certificates: Certificates): string | undefined {
  return new X509Certificate(certificates.current().cert).publicKey.asymmetricKeyType
}

/** Where Node's hook is gone, the one key that its own setting knows changes with the epoch. */
function keepTickets(server: Server, keys: TicketKeys): void {
  if (sealServer(server, keys)) return
  setInterval(() => sealServer(server, keys), lookAtTicketsEveryMs).unref()
}

function sealServer(server: Server, keys: TicketKeys): boolean {
  const own = (server as { _sharedCreds?: SecureContext })._sharedCreds // no interface shows it
  if (own && sealTickets(own, keys)) return true
  server.setTicketKeys(oneKey(keys))
  return false
}
