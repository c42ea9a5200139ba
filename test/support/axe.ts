import axe from 'axe-core'
import type { Page } from 'playwright-core'

/**
 * What keeps people out of a page, by axe-core's rules for WCAG 2.2 A and AA and for good practice: those it calls serious or critical, each
 * with the elements at fault. Axe copies elements with their styles, which the page forbids its scripts: what the browser says of that is
 * no fault of the page and taken out of `faults`.
 */
export async function barriers(page: Page, faults: string[]): Promise<string[]> {
  const before = faults.length
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  await page.evaluate(() => new Promise((heard) => requestAnimationFrame(() => requestAnimationFrame(heard))))
  const provoked = faults.splice(before)
  faults.push(...provoked.filter((fault) => !fault.startsWith('Applying inline style violates')))
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${impact} ${id}: ${target.join(' ')}\n${failureSummary}`),
    )
}
