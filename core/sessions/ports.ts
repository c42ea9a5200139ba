/** Where a network is thought to be. */
export type Place = { country: string; latitude: number; longitude: number }

/** What the operator knows of the networks of the world. Nothing known is the ordinary case: there is no guess. */
export type Networks = {
  locate(address: string): Place | undefined
  /** Is the address on the operator's list of networks that need a second look? */
  isListed(address: string): boolean
}
