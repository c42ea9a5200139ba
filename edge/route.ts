/**
 * What kind of work a request is, from the most to the least important: what is shed first stands last. Limits, breakers, shedding, deadlines
 * and metrics go by it.
 */
export const routeClasses = [
  'settle', // ends what is open: moves of a round, news of a payment
  'withdrawal',
  'bet',
  'deposit',
  'sign-in',
  'code', // one-time codes: asked for or shown
  'change', // any other change
  'read',
  'page', // pages and what they load
  'report', // long lists, files for downloading
] as const
export type RouteClass = (typeof routeClasses)[number]

/** How long one core may take over a request of a class before another is asked; 5 seconds, where nothing stands. */
const trySeconds: Partial<Record<RouteClass, number>> = { report: 30, page: 10, withdrawal: 10, deposit: 10 }
/** A round that is open goes on best where it began. */
const sticky: ReadonlySet<RouteClass> = new Set(['settle', 'bet'])
/**
 * Names and values of all headers, in bytes: what a browser and two cookies of ours need, four times over. Signing in may show the token of another
 * server besides, and then only the listener's own limit holds.
 */
const headerBytesMax = 8 * 1024
const headerBytesMaxOf: Partial<Record<RouteClass, number>> = { 'sign-in': Number.POSITIVE_INFINITY }
/** Moves money: goes to a core by connections that nothing else goes by. */
const money: ReadonlySet<RouteClass> = new Set(['settle', 'withdrawal', 'bet', 'deposit'])
/** Answered so soon that others of the class may wait behind it on one connection. */
const quick: ReadonlySet<RouteClass> = new Set(['settle', 'bet', 'read'])

/**
 * What a route documents of what it is asked: the content types of its body, none where it takes none; how large and deep the body can be; and
 * whether there is a query.
 */
export type Contract = {
  readonly types?: readonly string[]
  readonly bytesMax?: number
  readonly depthMax?: number
  readonly query?: true
}

/** `pattern` is the label of a route in logs and metrics: there are as many as routes, however many paths there are. */
export type Route = {
  readonly pattern: string
  readonly class: RouteClass
  /** Of its class in `routeClasses`, for arrays of numbers. */
  readonly index: number
  readonly trySeconds: number
  readonly sticky: boolean
  readonly quick: boolean
  readonly money: boolean
  readonly headerBytesMax: number
  /** Undefined for what no document names. */
  readonly contract: Contract | undefined
  /** Nobody is let in there at the moment. */
  readonly closed: boolean
}

/** A route with all that follows from its class. @param seconds how long one core may take over it, where that is said */
export function routeFor(
  pattern: string,
  found: RouteClass,
  contract: Contract | undefined,
  seconds: number = trySeconds[found] ?? 5,
): Route {
  return {
    pattern,
    class: found,
    index: routeClasses.indexOf(found),
    trySeconds: seconds,
    sticky: sticky.has(found),
    quick: quick.has(found),
    money: money.has(found),
    headerBytesMax: headerBytesMaxOf[found] ?? headerBytesMax,
    contract,
    closed: false,
  }
}
