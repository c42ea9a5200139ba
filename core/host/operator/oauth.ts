import { Hono } from 'hono'
import type { Provider } from 'oidc-provider'
import * as audit from '#audit'
import * as staff from '#staff'
import type { FaceContext, FaceEnv, FaceStaff } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'
import { staffSignIn } from '../middleware/sign-in.ts'
import { appIssuer, oauthPath } from '../oauth/issuers.ts'
import { answerByLibrary, prepare } from '../oauth/mount.ts'
import { openOAuth } from '../oauth/oauth.ts'
import { signOnPage } from '../web/sign-on.ts'

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/**
 * Sign-on to the operator's own apps by OpenID Connect. Who signs on is who is signed in at the desk, by the desk's own rules;
 * the apps are the operator's, so nobody is asked for consent. Answers and errors are OAuth's (RFC 6749), so none of it stands in
 * this face's OpenAPI document.
 */
export function oauthRoutes(host: Host): Hono<FaceEnv> {
  const routes = new Hono<FaceEnv>()
  const issuer = appIssuer(host)
  const oauth = openOAuth(host, issuer, () => import('../oauth/apps.ts'))

  routes.get(`${oauthPath}/interaction/:uid`, staffSignIn(host), async (c) => {
    const provider = await oauth.current()
    const { incoming, outgoing } = c.env
    prepare(incoming, issuer)
    const interaction = await provider.interactionDetails(incoming as never, outgoing as never).catch(() => undefined)
    if (!interaction || interaction.uid !== c.req.param('uid')) return c.html(signOnPage('gone'), 400)
    const member = c.get('staff')
    const at = member && (await staff.signedInAt(host.sql, member.sessionId))
    // A browser that comes from the app brings no cookie of the desk (SameSite); from a page of ours it does.
    if (!member?.proven || !at || !isFreshEnough(interaction, at, host.now()))
      return c.html(signOnPage(c.req.query('here') === undefined ? 'arriving' : 'signed-out'))
    const grantId = await grantFor(provider, interaction, member)
    await told(c, String(interaction.params.client_id))
    const result = {
      login: { accountId: member.id, remember: false, ts: Math.floor(at.getTime() / 1000) },
      consent: { grantId },
    }
    return c.redirect(await provider.interactionResult(incoming as never, outgoing as never, result), 303)
  })
  routes.all(`${oauthPath}/*`, (c) => answerByLibrary(host, oauth, issuer, c))
  return routes

  /** A grant for each sign-on, so that ending one ends no other. */
  async function grantFor(provider: Provider, { params }: Interaction, { id }: FaceStaff): Promise<string> {
    const grant = new provider.Grant({ accountId: id, clientId: String(params.client_id) })
    grant.addOIDCScope(String(params.scope))
    return grant.save()
  }

  function told(c: FaceContext, client: string): Promise<void> {
    return transact(host, (tx) =>
      audit.record(tx, commandOf(host, c), {
        action: 'access.signed_on',
        subject: c.get('staff')?.id ?? 'unknown',
        detail: { client },
      }),
    )
  }
}

/** An app may ask that somebody signs in for it, or did so not long ago (OpenID Connect Core 3.1.2.1). */
function isFreshEnough({ params, iat }: Interaction, signedInAt: Date, now: Date): boolean {
  const anew = String(params.prompt ?? '')
    .split(' ')
    .includes('login')
  if (anew && signedInAt.getTime() < iat * 1000) return false
  return params.max_age === undefined || now.getTime() - signedInAt.getTime() <= Number(params.max_age) * 1000
}
