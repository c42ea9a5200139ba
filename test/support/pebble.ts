import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { until } from './client.ts'
import type { LabAuthority } from './lab-authority.ts'
import { freePort } from './port.ts'

/** An authority for ACME that can be stopped and begun anew; every name is this machine. */
export type Pebble = {
  directory: string
  /** Where it looks for proofs by HTTP. */
  httpPort: number
  /** Where it looks for proofs in a handshake. */
  tlsPort: number
  /** What it says of one of its certificates: `Valid`, `Revoked`. */
  statusOf(serial: string): Promise<string>
  begin(): Promise<void>
  end(): Promise<void>
}

export async function openPebble(authority: LabAuthority, dir: string): Promise<Pebble> {
  await authority.issue('pebble', 'public', ['localhost'])
  const [port, management, httpPort, tlsPort, dns, names] = await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  )
  const { cert, key } = authority.files('pebble')
  const ca = readFileSync(join(dir, 'tls/ca.pem'))
  const file = join(dir, 'pebble.json')
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: cert,
    privateKey: key,
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  }
  writeFileSync(file, JSON.stringify({ pebble }))
  let running: ChildProcess[] = []
  const self: Pebble = {
    directory: `https://localhost:${port}/dir`,
    httpPort: httpPort!,
    tlsPort: tlsPort!,
    statusOf: async (serial) =>
      JSON.parse(await ask(`https://localhost:${management}/cert-status-by-serial/${serial}`)).Status,
    async begin() {
      const quiet = {
        stdio: 'ignore' as const,
        env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '10' },
      }
      const dnsArguments = ['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dns01', `127.0.0.1:${dns}`]
      const off = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-management', `127.0.0.1:${names}`]
      running = [
        spawn('pebble-challtestsrv', [...dnsArguments, ...off], quiet),
        spawn('pebble', ['-config', file, '-dnsserver', `127.0.0.1:${dns}`], quiet),
      ]
      await until('the authority', () => ask(self.directory).catch(() => undefined))
    },
    async end() {
      const ended = running.map((each) => new Promise((resolve) => each.once('exit', resolve)))
      for (const each of running) each.kill('SIGKILL')
      running = []
      await Promise.all(ended)
    },
  }
  await self.begin()
  return self

  function ask(url: string): Promise<string> {
    return new Promise((resolve, reject) => {
      request(url, { ca, agent: false }, (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
  }
}
