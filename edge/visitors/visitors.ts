import type { BlockList } from 'node:net'
import { type CountryResponse, Reader } from 'mmdb-lib'
import { holds, listOf, maskOf, plainOf, readNetworks } from './network-list.ts'
import { type Watched, watchFiles } from './watched.ts'

/** What is known of an address by where it stands. */
export type Visitor = {
  /** The country its network is thought to be in (ISO 3166-1), where the operator's file knows it. */
  readonly country: string | undefined
  readonly isBanned: boolean
  /** It hides where it comes from: a VPN, a proxy, Tor, by the operator's lists. */
  readonly isAnonymous: boolean
  /** Its word on the trace of a request is believed. */
  readonly isTraced: boolean
  /** Its /24, or /48 of IPv6: what may stand in a log. */
  readonly network: string
}

export type Visitors = {
  /** Kept with the connection, as long as no file and no ban changes. */
  of(connection: object, address: string): Visitor
  /** Networks that are kept out besides those in files. @throws Error when one is none */
  ban(networks: readonly string[]): void
  close(): void
}

/**
 * `traced` are networks, not files. Reads the operator's files: countries in the format of MaxMind (MMDB), lists of networks. Nothing of an address leaves the machine. Without a
 * file nothing is known, and nobody is kept out.
 *
 * @throws Error when a file cannot be read at the beginning
 */
export function openVisitors(
  files: {
    countries?: string | undefined
    banned: readonly string[]
    anonymous: readonly string[]
    traced: readonly string[]
  },
  onProblem: (error: Error) => void,
): Visitors {
  let version = 0
  const onChange = () => {
    version++
  }
  const heard = { onChange, onProblem }
  const countries = watchFiles(files.countries ? [files.countries] : [], ([file]) => file && readerOf(file), heard)
  const banned = watchFiles(files.banned, networksIn, heard)
  const anonymous = watchFiles(files.anonymous, networksIn, heard)
  const traced = listOf(files.traced)
  let bans = listOf([])
  const known = new WeakMap<object, { version: number; visitor: Visitor }>()
  return {
    of(connection, address) {
      const before = known.get(connection)
      if (before?.version === version) return before.visitor
      const visitor = {
        country: countryOf(countries, address),
        isBanned: holds(bans, address) || holds(banned.current(), address),
        isAnonymous: holds(anonymous.current(), address),
        isTraced: holds(traced, address),
        network: maskOf(address),
      }
      known.set(connection, { version, visitor })
      return visitor
    },
    ban(networks) {
      bans = listOf(networks)
      onChange()
    },
    close() {
      for (const each of [countries, banned, anonymous]) each.close()
    },
  }
}

function readerOf(file: Buffer): Reader<CountryResponse> {
  return new Reader<CountryResponse>(file)
}

function countryOf(countries: Watched<Reader<CountryResponse> | undefined>, address: string): string | undefined {
  const found = countries.current()?.get(plainOf(address))
  const code = found?.country?.iso_code ?? found?.registered_country?.iso_code
  return code !== undefined && /^[A-Z]{2}$/.test(code) ? code : undefined
}

function networksIn(contents: readonly Buffer[]): BlockList {
  return listOf(contents.flatMap((content) => readNetworks(content.toString('utf8'))))
}
