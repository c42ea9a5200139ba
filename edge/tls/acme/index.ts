import type { Logger } from 'pino'
import type { EdgeConfig } from '../../config.ts'
import { acmeFailures } from '../../metrics.ts'
import { type AcmeConfig, obtain } from './authority.ts'
import { openKeeper } from './keeper.ts'
import { answerPlainly, listenPlainly } from './plain.ts'

const lookEveryMs = 30_000

/** Keeps the certificate of ACME for all workers, who see its files change, as long as this process runs. */
export async function keepByAcme({ listeners }: EdgeConfig, acme: AcmeConfig, log: Logger): Promise<void> {
  const { app, proofs } = answerPlainly(acme.names, listeners.player.port)
  await listenPlainly(app, acme.listen).catch((error: Error) =>
    log.error({ problem: error.message }, 'where authorities look, nobody listens'),
  )
  const keeper = openKeeper(acme, listeners.player.cert, () => obtain(acme, proofs))
  let looking = false
  setInterval(look, lookEveryMs)
  await look()

  async function look(): Promise<void> {
    if (looking) return
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
