import { readFileSync } from 'node:fs'
import type SMTPTransport from 'nodemailer/lib/smtp-transport'
import type { Carrier, Fate, Letter } from '#messages'
import type { Config } from '../config.ts'
import { readSecret } from '../secrets.ts'

/**
 * Mail by SMTP to the server of the configuration. Beyond loopback only over TLS whose certificate is verified (RFC 3207 with
 * STARTTLS demanded, or RFC 8314), so that nobody on the way reads a code or takes the password.
 */
export function mailCarrier({ mail }: Pick<Config, 'mail'>): Carrier {
  const options = transportOptions(mail)
  const domain = mail.from.slice(mail.from.lastIndexOf('@') + 1)
  return {
    async send(letter) {
      const { createTransport } = await import('nodemailer') // large, and whoever only names the jobs sends no mail
      const transport = createTransport(options)
      try {
        await transport.sendMail({
          envelope: { from: returnPathOf(letter, mail.bounceDomain ?? domain), to: letter.address },
          from: mail.from,
          to: { name: '', address: letter.address },
          messageId: `<${letter.id}@${domain}>`,
          headers: { 'auto-submitted': 'auto-generated', 'content-language': letter.language },
          subject: letter.subject,
          text: letter.text,
          html: letter.html,
        })
        return { fate: 'accepted', carrier: 'smtp', reference: letter.id }
      } catch (error) {
        return fateOf(error as SmtpError)
      } finally {
        transport.close()
      }
    },
    async close() {},
  }
}

/** Each mail has a return path of its own (VERP), so that a report says by its address which mail it is about. */
function returnPathOf({ id }: Letter, domain: string): string {
  return `bounces+${id}@${domain}`
}

/** The message a return path was made for. */
export function messageReturnedTo(address: string): string | undefined {
  return /^bounces\+(msg_[0-9a-z]{26})@/.exec(address.toLowerCase())?.[1]
}

function transportOptions(mail: Config['mail']): SMTPTransport.Options {
  const local = ['127.0.0.1', '::1', 'localhost'].includes(mail.host)
  return {
    host: mail.host,
    port: mail.port,
    secure: mail.implicitTls,
    requireTLS: !local && !mail.implicitTls,
    tls: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(mail.caFile === undefined ? {} : { ca: readFileSync(mail.caFile) }),
    },
    ...(mail.user === undefined || mail.passwordFile === undefined
      ? {}
      : { auth: { user: mail.user, pass: readSecret(mail.passwordFile) } }),
    disableFileAccess: true,
    disableUrlAccess: true,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  }
}

type SmtpError = Error & { code?: string; command?: string; responseCode?: number; response?: string }

/**
 * Only what the server says about this recipient or this message is the message's fate; a refused sign-in, a missing TLS or a
 * server that is away is ours to mend, and the mail waits. The words of a server may hold the address: only its code is kept.
 */
function fateOf(error: SmtpError): Fate {
  const code = error.responseCode
  const about = /^(RCPT TO|DATA)/i.test(error.command ?? '')
  if (code === undefined || code < 500 || !about)
    return { fate: 'later', status: String(code ?? error.code ?? 'unreachable') }
  const enhanced = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(error.response ?? '')?.[1]
  return { fate: 'refused', status: enhanced ?? plainStatus(code) }
}

/** RFC 5321 4.2.3: 550, 551 and 553 are about the mailbox; 552 is about room. */
function plainStatus(code: number): string {
  if ([550, 551, 553].includes(code)) return '5.1.0'
  return code === 552 ? '5.2.2' : '5.5.0'
}
