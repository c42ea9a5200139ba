import type { EdgeConfig } from '../config.ts'
import type { Exchange } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import type { Clients } from '../tls/clients.ts'

const oauthPaths = '/oauth/'
/** What the operator face answers to who has no certificate yet; a token or an older certificate is asked for there. */
const enrolmentPaths = ['/api/pki/enrolments/use', '/api/pki/renewals', '/pki/ca.pem', '/pki/revoked.pem']

/**
 * Where people show certificates, a component that has none yet may still ask for its first, and a tool with one of a client
 * for tokens, and for nothing else.
 */
export function inspectCertificate(
  { face, socket, target }: Pick<Exchange, 'face' | 'socket' | 'target'>,
  clients: Clients,
  { listeners }: Pick<EdgeConfig, 'listeners'>,
): Problem | undefined {
  if (face !== 'operator' || !listeners.operator.people) return undefined
  const isClient = clients.certificateOf(socket)?.header === 'x-client-certificate'
  if (socket.authorized && (!isClient || target.startsWith(oauthPaths))) return undefined
  if (enrolmentPaths.includes(target)) return undefined
  return problem(403, 'edge.certificate_required', 'Show the certificate you were given for the back office.')
}
