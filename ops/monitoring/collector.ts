import { internalDomain } from '#pki'
import type { TargetGroup } from './targets.ts'

type Collector = {
  /** Of all nodes. */
  groups: readonly TargetGroup[]
  scraper: string
  alertmanagers: readonly string[]
  everySeconds: number
}

/**
 * Prometheus's configuration. Files are named from the folder it lies in: targets/ (one file per node), alerts/, tls/. A job per
 * component, because the name that a certificate must bear is a job's setting, not a target's.
 */
export function renderCollector({ groups, scraper, alertmanagers, everySeconds }: Collector): string {
  const components = new Map(groups.map(({ labels }) => [labels.component, labels.__scheme__]))
  const jobs = [...components].sort().map(([component, scheme]) => {
    const tls = scheme === 'https' ? tlsOf(component, scraper) : ''
    return `  - job_name: ${component}
${tls}    file_sd_configs:
      - files: [targets/*.json]
    relabel_configs:
      - source_labels: [component]
        regex: ${component}
        action: keep
`
  })
  return `# Made by \`countroom monitoring\`: run that again instead of changing this.
global:
  scrape_interval: ${everySeconds}s
  scrape_timeout: ${Math.min(everySeconds, 10)}s
  evaluation_interval: ${everySeconds}s
rule_files: [alerts/*.yml]
alerting:
  alertmanagers:
    - static_configs:
        - targets: ${JSON.stringify(alertmanagers)}
scrape_configs:
${jobs.join('')}`
}

function tlsOf(component: string, scraper: string): string {
  return `    scheme: https
    tls_config:
      ca_file: tls/ca.pem
      cert_file: tls/${scraper}.pem
      key_file: tls/${scraper}.key
      server_name: ${component}.${internalDomain}
      min_version: TLS13
`
}
