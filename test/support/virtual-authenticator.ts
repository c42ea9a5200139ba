import type { BrowserContext, CDPSession, Page } from 'playwright-core'

const sessions = new WeakMap<Page, CDPSession>()

/** A page whose browser has an authenticator of its own, which knows the person, or does not, and says yes by itself. */
export async function withAuthenticator(context: BrowserContext, { verified = true } = {}): Promise<Page> {
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  sessions.set(page, devtools)
  await devtools.send('WebAuthn.enable')
  await addDevice(devtools, 'internal', verified)
  return page
}

/** A security key besides, which knows its person too. */
export async function withSecurityKey(page: Page): Promise<void> {
  const devtools = sessions.get(page)
  if (!devtools) throw new Error('this page has no authenticator')
  await addDevice(devtools, 'usb', true)
}

async function addDevice(devtools: CDPSession, transport: 'internal' | 'usb', verified: boolean): Promise<void> {
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verified,
      automaticPresenceSimulation: true,
    },
  })
}
