import { SMTPServer } from 'smtp-server'
import * as messages from '#messages'
import { type Host, transact } from '../host.ts'
import { messageReturnedTo } from './mail.ts'

type IntakeHost = Pick<Host, 'sql' | 'keys' | 'log' | 'now'>
type Intake = { readonly port: number; close(): Promise<void> }

const bytesMax = 256 * 1024
const clientsMax = 20

/**
 * Takes reports of delivery by SMTP, from the operator's own mail server, which relays the domain of the return paths here. Only
 * reports come in: from the empty sender (RFC 3464 section 2), to the return path of a message there was.
 */
export function openBounceIntake(host: IntakeHost, address: { host: string; port: number }): Promise<Intake> {
  const server = new SMTPServer({
    banner: 'reports of delivery only',
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    authOptional: true,
    size: bytesMax,
    maxClients: clientsMax,
    socketTimeout: 30_000,
    logger: false,
    onMailFrom: ({ address: sender }, _session, answer) =>
      answer(sender === '' ? null : refusal(550, '5.7.1 reports come from the empty sender')),
    onRcptTo: ({ address: recipient }, _session, answer) =>
      answer(messageReturnedTo(recipient) ? null : refusal(550, '5.1.1 no such return path')),
    onData(stream, session, answer) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk)
      })
      stream.on('end', () => {
        if (stream.sizeExceeded) answer(refusal(552, '5.3.4 too large for a report'))
        else
          receive(host, session.envelope.rcptTo, Buffer.concat(chunks)).then(
            () => answer(null),
            (error: Error) => {
              host.log.warn({ reason: error.message }, 'a report of delivery was not taken')
              answer(refusal(451, '4.3.0 not now'))
            },
          )
      })
    },
  })
  server.on('error', (error: Error) => host.log.warn({ reason: error.message }, 'intake of reports'))
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(address.port, address.host, () =>
      resolve({
        port: (server.server.address() as { port: number }).port,
        close: () => new Promise((closed) => server.close(() => closed())),
      }),
    )
  })
}

async function receive(host: IntakeHost, to: ReadonlyArray<{ address: string }>, raw: Buffer): Promise<void> {
  const report = await messages.readReport(raw)
  if (!report?.failed) return
  const command = { actor: { kind: 'system' as const, id: 'messages.bounces' }, now: host.now(), requestId: '' }
  for (const { address } of to) {
    const message = messageReturnedTo(address)
    if (message)
      await transact(host, (tx) => messages.noteBounce(tx, { ...command, keys: host.keys }, message, report.status))
  }
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode })
}
