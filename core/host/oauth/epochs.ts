import type { KeyEntry, Keys } from '#keys'

const family = 'sk-token'
/** Before an epoch is used everybody may know it; after, what it signed is still verified. Destroyed is destroyed. */
const published: ReadonlyArray<KeyEntry['state']> = ['active', 'pre-active', 'decrypt-only']

/** The epochs of the key that signs tokens, the active one first; two or more while it is rotated. */
export async function tokenEpochs(keys: Keys): Promise<string[]> {
  const entries = (await keys.list()).filter((entry) => entry.family === family && published.includes(entry.state))
  return entries.sort((a, b) => published.indexOf(a.state) - published.indexOf(b.state)).map(({ key }) => key)
}
