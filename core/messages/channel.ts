/** How people are reached. */
export type Channel = 'email' | 'sms'

let carried: ReadonlySet<Channel> = new Set()

/** The host says at start for which channels it has a carrier. */
export function provideCarriers(channels: readonly Channel[]): void {
  carried = new Set(channels)
}

/** Whether anybody takes messages of this channel: what nobody would bring is not to be promised. */
export function isCarried(channel: Channel): boolean {
  return carried.has(channel)
}
