/**
 * What a home remembers of the sites of its casino, each beside `countroom.json`. It is true of that home alone: in one that is made anew it
 * would answer for what came after by what was before.
 */
export const siteMemories = {
  /** The second site was promoted: this one never starts again as what it was. */
  superseded: 'superseded.json',
  /** The second site was heard of: from then on it may have been promoted while nobody here looked. */
  followed: 'followed',
  /** Where the second site is, as other nodes of this site have told. */
  secondSite: 'second-site.json',
  /** What was answered for this site when it was promoted, for the commands of this node. */
  promoted: 'promoted.json',
} as const
