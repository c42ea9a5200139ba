/** What a password of this casino is screened against, besides what is common everywhere. */
export type PasswordScreen = {
  /** The casino's name, its games: what comes to mind in front of its page. */
  readonly words: readonly string[]
  /** The operator's list of stolen passwords, by SHA-1. */
  readonly breaches: { has(sha1: Buffer): boolean } | undefined
}
