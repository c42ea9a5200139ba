import type { Server } from 'node:http'
import type { Logger } from 'pino'
import type { EdgeConfig } from '../../config.ts'
import type { NameProof } from '../../listen/prover.ts'
import { acmeFailures } from '../../metrics.ts'
import { type AcmeConfig, obtain, type Proofs } from './authority.ts'
import { proveByHandshake } from './handshake.ts'
import { openKeeper } from './keeper.ts'
import { answerPlainly, listenPlainly } from './plain.ts'

const lookEveryMs = 30_000

export type Acme = {
  /** Keeps the certificate that the configuration asks for from now on, or none. */
  follow(config: EdgeConfig): void
}

type Keeping = { mark: string; stop(): void }

/** The certificate of ACME, kept for all workers, who see its files change. @param tell has the workers prove names in handshakes */
export function openAcme(log: Logger, tell: (proofs: readonly NameProof[]) => Promise<void>): Acme {
  let keeping: Keeping | undefined
  return {
    follow({ acme, listeners }) {
      const { cert, port } = listeners.player
      const mark = JSON.stringify([acme, cert, port])
      if (mark === keeping?.mark) return
      keeping?.stop()
      keeping = { mark, stop: acme ? keep(acme, cert, port) : () => {} }
    },
  }

  /** Answers how to end it. */
  function keep(acme: AcmeConfig, usualCert: string, httpsPort: number): () => void {
    const { app, proofs: plainly } = answerPlainly(acme.names, httpsPort)
    const proofs: Proofs = acme.proof === 'http-01' ? plainly : proveByHandshake(tell)
    let server: Server | undefined
    let stopped = false
    let looking = false
    const keeper = openKeeper(acme, usualCert, () => obtain(acme, proofs))
    const timer = setInterval(look, lookEveryMs)
    void begin()
    return () => {
      stopped = true
      clearInterval(timer)
      close(server)
    }

    async function begin(): Promise<void> {
      if (acme.listen)
        server = await listenPlainly(app, acme.listen).catch((error: Error) => {
          log.error({ problem: error.message }, 'where authorities look, nobody listens')
          return undefined
        })
      if (stopped) close(server)
      else await look()
    }

    async function look(): Promise<void> {
      if (looking || stopped) return
      looking = true
      try {
        const became = await keeper.look(Date.now())
        acmeFailures.set(keeper.failures)
        if (became === 'renewed') log.info({ names: acme.names }, 'there is a new certificate')
        if (became === 'failed') log.error({ problem: keeper.problem, failures: keeper.failures }, 'no new certificate')
      } catch (error) {
        log.error({ problem: (error as Error).message }, 'the certificate of ACME cannot be looked at')
      } finally {
        looking = false
      }
    }
  }
}

function close(server: Server | undefined): void {
  server?.close()
  server?.closeAllConnections()
}
