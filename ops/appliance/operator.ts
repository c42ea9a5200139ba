import { userInfo } from 'node:os'

/** The name on this machine of who gives a command, for what answers for it later; root by sudo is who became root. */
export function operatorName(): string {
  return process.env.SUDO_USER ?? userInfo().username
}
