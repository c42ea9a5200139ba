import { credentialOf } from './credentials.ts'
import type { Home } from './home.ts'
import type { Settings } from './settings.ts'

/**
 * Who carries messages, as cores and worker are told: whoever the settings name, else the sandbox. Each role has the secret that it
 * needs: the worker signs what is sent, cores check receipts.
 */
export function carriersOf(home: Home, settings: Settings, role: 'core' | 'work') {
  const { mailServer, mailFrom, mailBounceDomain, smsCarrier, ports } = settings
  const mail = {
    ...(mailServer ?? { host: '127.0.0.1', port: ports.sandboxSmtp }),
    from: mailFrom,
    ...(mailBounceDomain ? { bounceDomain: mailBounceDomain } : {}),
  }
  if (smsCarrier === null) return { mail }
  const { url, sender, caFile, secretFile, receiptSecretFile } = smsCarrier ?? sandboxCarrier(home, settings)
  return { mail, smsCarrier: { url, sender, ...(role === 'work' ? { secretFile, caFile } : { receiptSecretFile }) } }
}

function sandboxCarrier(home: Home, { ports }: Settings): NonNullable<Settings['smsCarrier']> {
  return {
    url: `http://127.0.0.1:${ports.sandboxWeb}`,
    sender: 'Countroom',
    secretFile: credentialOf(home, 'work', 'carrier-sandbox'),
    receiptSecretFile: credentialOf(home, 'core', 'carrier-sandbox-receipts'),
  }
}

/** What the worker reads to sign in to those who carry messages, and to know them. */
export function carrierFiles({ mailServer, smsCarrier }: Settings): string[] {
  const files = [mailServer?.passwordFile, mailServer?.caFile, smsCarrier?.secretFile, smsCarrier?.caFile]
  return files.filter((file) => file !== undefined)
}
