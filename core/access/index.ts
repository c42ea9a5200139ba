// What the protocol keeps between two requests
export {
  type Artifact,
  consume,
  destroy,
  endAccount,
  find,
  findSignOn,
  keep,
  revokeGrant,
  sweep,
  useOnce,
} from './artifact.ts'
// Who may ask for tokens
export { addClient, type Client, changeClient, clients, findClient, removeClient, stands } from './client.ts'
export { clientRefused, clientUnknown, scopeMissing, tokenMissing, tokenRefused } from './errors.ts'
export {
  appScopes,
  type ClientData,
  codeSecondsMax,
  idTokenSecondsMax,
  interactionSecondsMax,
  proofSecondsMax,
  type Scope,
  scopes,
  signOnSecondsMax,
  tokenSecondsMax,
} from './policy.ts'
