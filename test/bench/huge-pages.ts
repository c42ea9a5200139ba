import { readFileSync, writeFileSync } from 'node:fs'

const path = '/proc/sys/vm/nr_hugepages'

/**
 * Sets memory aside in huge pages, as an installed node does, where this process may; answers how to give it back.
 * PostgreSQL takes them by itself (`huge_pages = try`), for its shared buffers: they spare it most misses of the address
 * cache, which is where a ledger of random pages spends its time.
 */
export function reserveHugePages(megabytes: number): () => void {
  const pages = Math.ceil(megabytes / 2)
  const change = (by: number) => writeFileSync(path, String(Math.max(0, Number(readFileSync(path, 'utf8')) + by)))
  try {
    change(pages)
  } catch {
    return () => {}
  }
  return () => change(-pages)
}

/** Does the process stand on huge pages? */
export function standsOnHugePages(pid: number): boolean {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').includes('/anon_hugepage')
}
