import { createTransport } from 'nodemailer'

/** Says to the return path of a mail that it could not be delivered, as a mail server does (RFC 3464). */
export async function sendReport(
  server: { host: string; port: number },
  { to, about }: { to: string; about: string },
): Promise<void> {
  const transport = createTransport({ ...server, secure: false, connectionTimeout: 5000, greetingTimeout: 5000 })
  try {
    await transport.sendMail({ envelope: { from: '', to }, raw: reportOf(to, about) })
  } finally {
    transport.close()
  }
}

function reportOf(to: string, about: string): string {
  const lines = [
    'From: Mail Delivery System <mailer-daemon@sandbox.example>',
    `To: <${to}>`,
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
    '',
    '--part',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `I could not deliver your message to <${about}>.`,
    '',
    '--part',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; sandbox.example',
    '',
    `Final-Recipient: rfc822; ${about}`,
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 there is no such mailbox',
    '',
    '--part--',
    '',
  ]
  return lines.join('\r\n')
}
