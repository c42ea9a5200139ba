const assets = 'styles and scripts, the same for everybody'
const health = 'asked by the edge, tells nothing but ready or not'
const document = 'the document of the face itself'
const page = 'a page without data; what it shows it asks the API for'
const oauth = 'OAuth 2.0 and OpenID Connect, described by their own metadata document'

/**
 * What a face answers without its OpenAPI document saying so, and why. Anything else that is not documented fails
 * test/host/access.test.ts.
 */
export const undocumented: Readonly<Record<'player' | 'operator' | 'partner', Readonly<Record<string, string>>>> = {
  player: {
    'GET /assets/*': assets,
    'GET /health/ready': health,
    'GET /': page,
    'GET /account': page,
    'GET /cashier': page,
    'GET /confirm': page,
    'GET /forgotten': page,
    'GET /fairness': page,
    'GET /games/:game': page,
    'GET /history': page,
    'GET /limits': page,
    'GET /new-password': page,
    'GET /privacy': page,
    'GET /register': page,
    'GET /security': page,
    'GET /sign-in': page,
    'GET /terms': page,
  },
  operator: {
    'GET /assets/*': assets,
    'GET /health/ready': health,
    'GET /openapi': document,
    'GET /openapi.json': document,
    'GET /': page,
    'GET /enrol': page,
    'GET /passkey': page,
    'GET /service': 'a page with data, which asks for the permission itself: test/journeys/service.test.ts',
    'GET /sign-in': page,
    'GET /pki/ca.pem': 'the root certificate, public by its nature',
    'GET /pki/revoked.pem': 'the signed revocation lists, public by their nature',
    'ALL /oauth/*': oauth,
    'GET /oauth/interaction/:uid': oauth,
  },
  partner: {
    'GET /assets/*': assets,
    'GET /health/ready': health,
    'GET /openapi': document,
    'GET /openapi.json': document,
    'ALL /oauth/*': oauth,
  },
}
