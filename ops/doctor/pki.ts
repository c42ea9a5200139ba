import * as pki from '#pki'
import { componentsOf } from '../appliance/components.ts'
import { readSettings } from '../appliance/settings.ts'
import { broken, type Check, sound } from './finding.ts'

/** A component of this appliance that was taken back runs on, and nobody talks to it. */
export const enrolled: Check = {
  id: 'pki.enrolled',
  after: ['postgres', 'postgres.schema'],
  remedy: 'npx countroom pki list',
  async look({ home, now, sql }) {
    const own = componentsOf(readSettings(home))
    const known = await pki.components(sql(), now)
    const out = own.filter(({ name }) => known.find((each) => each.component === name)?.state !== 'enabled')
    const [first] = out
    if (!first) return sound(`${own.length} components are enrolled`)
    return broken(
      `taken back, and let in nowhere: ${out.map(({ name }) => name).join(', ')}`,
      `to have it back: npx countroom pki enrol ${first.role} ${first.name}, then pki request ${first.name}; ops/runbooks/certificates.md`,
    )
  },
}
