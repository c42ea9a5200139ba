import { getCookie, setCookie } from 'hono/cookie'
import type * as sessions from '#sessions'
import type { FaceContext } from './face.ts'
import type { Host } from './host.ts'

/** The browser's own cookie: it says which browser this is, and lets nobody in. */
const deviceCookie = '__Host-device'
const deviceSecondsMax = 400 * 86_400 // what browsers keep at most (RFC 6265bis)
const secretForm = /^[A-Za-z0-9_-]{43}$/

/** Where a request comes from, as far as it can be told. */
export function originOf(host: Host, c: FaceContext): sessions.Origin {
  const address = c.get('address')
  const secret = getCookie(c, deviceCookie)
  return {
    address,
    device: secret !== undefined && secretForm.test(secret) ? secret : undefined,
    browser: browserOf(c.req.header('user-agent') ?? ''),
    place: host.networks.locate(address),
    listed: host.networks.isListed(address),
  }
}

export function keepDevice(c: FaceContext, secret: string): void {
  setCookie(c, deviceCookie, secret, {
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
    maxAge: deviceSecondsMax,
  })
}

const browsers = [
  ['Edge', /\bEdg(e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(Chrome|CriOS|Chromium|HeadlessChrome)\//],
  ['Safari', /\bSafari\//],
] as const
const systems = [
  ['Android', /\bAndroid\b/],
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
] as const

/** "Firefox on Linux": enough to recognise one's own; what a browser says of itself proves nothing. */
export function browserOf(userAgent: string): string {
  const named = (list: ReadonlyArray<readonly [string, RegExp]>) => list.find(([, form]) => form.test(userAgent))?.[0]
  const system = named(systems)
  return `${named(browsers) ?? 'A browser'}${system ? ` on ${system}` : ''}`
}
