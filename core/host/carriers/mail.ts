import type { Host } from '../host.ts'

export type Message = { to: string; subject: string; text: string }

/** Hands a message to the mail server of the configuration. What it throws, the job engine tries again. */
export async function sendMail(host: Host, message: Message): Promise<void> {
  const { createTransport } = await import('nodemailer') // large, and whoever only names the jobs sends no mail
  const { host: server, port, from } = host.config.smtp
  const transport = createTransport({
    host: server,
    port,
    secure: false,
    connectionTimeout: 5000,
    greetingTimeout: 5000,
    socketTimeout: 10_000,
  })
  try {
    await transport.sendMail({ from, ...message })
  } finally {
    transport.close()
  }
}
