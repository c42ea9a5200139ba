import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { sendReport } from './report.ts'

export type Mail = { to: string; from: string; subject: string; text: string; html: string; at: string }

type Address = { host: string; port: number }

const kept = 500

/**
 * A mail server that delivers to a page. What becomes of a mail is in the name before the `@`: `bounce…` is taken and reported
 * back as undeliverable, `refuse…` is refused, `busy…` is put off, and every other arrives.
 */
export function startMail(
  address: Address,
  bounces: Address,
  log: (line: object, text: string) => void,
): Promise<{ inbox: readonly Mail[]; close(): Promise<void> }> {
  const inbox: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    size: 256 * 1024,
    onRcptTo({ address: to }, _session, answer) {
      if (to.startsWith('refuse')) answer(refusal(550, '5.1.1 there is no such mailbox'))
      else if (to.startsWith('busy')) answer(refusal(451, '4.2.0 try again later'))
      else answer()
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const { rcptTo, mailFrom } = session.envelope
        const to = rcptTo.map((recipient) => recipient.address).join(', ')
        const returnPath = mailFrom === false ? '' : mailFrom.address
        const { subject = '', text = '', html = '' } = await PostalMime.parse(Buffer.concat(chunks))
        done()
        if (to.startsWith('bounce'))
          return sendReport(bounces, { to: returnPath, about: to }).catch((error: Error) =>
            log({ reason: error.message }, 'report not delivered'),
          )
        inbox.unshift({ to, from: returnPath, subject, text, html, at: new Date().toISOString() })
        inbox.splice(kept)
      })
    },
  })
  server.on('error', () => {})
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(address.port, address.host, () =>
      resolve({ inbox, close: () => new Promise((closed) => server.close(() => closed())) }),
    )
  })
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode })
}
