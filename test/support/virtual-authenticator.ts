import type { BrowserContext, Page } from 'playwright-core'

/** A page whose browser has an authenticator of its own, which knows the person, or does not, and says yes by itself. */
export async function withAuthenticator(context: BrowserContext, { verified = true } = {}): Promise<Page> {
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verified,
      automaticPresenceSimulation: true,
    },
  })
  return page
}
