import type { SecureContext, SecureContextOptions, Server, TLSSocket, TlsOptions } from 'node:tls'
import type { EdgeConfig, Face } from '../config.ts'
import { observeCertificates, stapleEnds } from '../metrics.ts'
import { rolesShown } from './clients.ts'
import { publicTls } from './contexts.ts'
import { type Certificates, openCertificates } from './files.ts'
import { kindTaken } from './kinds.ts'
import { byName, type Chosen, type Names } from './names.ts'
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
  const staples = openStaples(all, (index, endsMs) => stapleEnds.set({ use: useOf(index) }, endsMs / 1000))
  // Of two kinds of key the library chooses one after it has asked for a staple, so that it might be the other one's.
  let isOne = names.isUsualOne
  return {
    usual: all[0] as Certificates,
    options: { ...names.usual, SNICallback: choose },
    attach(server) {
      if (keys) keepTickets(server, keys)
      server.once('close', staples.close)
      server.on('OCSPRequest', (certificate, _, done) =>
        done(null, (isOne ? staples.of(certificate) : undefined) as Buffer),
      )
      for (const each of all)
        each.onChange(() => {
          names = read()
          isOne = names.isUsualOne
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
  function choose(
    this: TLSSocket, // Node calls it so, and does not say it
    name: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ): void {
    let chosen: Chosen = { context: undefined, isOne: names.isUsualOne }
    try {
      chosen = names.chosenFor(name, (shown) => kindTaken(this, shown))
    } catch {
      // the usual one
    }
    isOne = chosen.isOne
    done(null, chosen.context) // asks for the staple before it comes back
    isOne = names.isUsualOne
  }
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
