import { deleteCookie, setCookie } from 'hono/cookie'
import type { FaceContext } from '../face.ts'
import { playerCookie } from '../middleware/sign-in.ts'

/** Gives the browser the secret of a session. */
export function keepSecret(c: FaceContext, secret: string): void {
  setCookie(c, playerCookie, secret, { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' })
}

/** Takes the secret out of the browser, with an answer that was made apart from the context. */
export function dropSecret(c: FaceContext, answer: Response): void {
  deleteCookie(c, playerCookie, { path: '/', secure: true })
  const cookie = c.res.headers.get('set-cookie')
  if (cookie) answer.headers.set('set-cookie', cookie)
}
