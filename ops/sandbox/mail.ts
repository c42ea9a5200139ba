import { SMTPServer } from 'smtp-server'

export type Mail = { to: string; subject: string; text: string; at: string }

const kept = 500

/** A mail server that delivers to a page. */
export function startMail(address: {
  host: string
  port: number
}): Promise<{ inbox: readonly Mail[]; close(): Promise<void> }> {
  const inbox: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    size: 256 * 1024,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map((recipient) => recipient.address).join(', ')
        inbox.unshift(read(Buffer.concat(chunks).toString('utf8'), to))
        inbox.splice(kept)
        done()
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

function read(raw: string, to: string): Mail {
  const split = raw.search(/\r?\n\r?\n/)
  const head = raw.slice(0, split).replaceAll(/\r?\n[ \t]+/g, ' ')
  const subject = /^subject:\s*(.*)$/im.exec(head)?.[1] ?? ''
  const encoding = /^content-transfer-encoding:\s*(\S+)/im.exec(head)?.[1]?.toLowerCase()
  const body = raw.slice(split).trim()
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? Buffer.from(
            body
              .replaceAll(/=\r?\n/g, '')
              .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1',
          ).toString('utf8')
        : body
  return { to, subject, text, at: new Date().toISOString() }
}
