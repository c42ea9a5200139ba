/** The three networks that the casino is reached by, each with a listener of its own. */
export const faces = ['player', 'operator', 'partner'] as const
export type Face = (typeof faces)[number]
