import { backups } from './backups.ts'
import { books, log } from './books.ts'
import { clockSource } from './clock.ts'
import { cluster, secondSite } from './cluster.ts'
import { acmeCertificate } from './edge.ts'
import { durability, postgres, redis, schema } from './engines.ts'
import { certificates, disk, secrets } from './files.ts'
import type { Check } from './finding.ts'
import { admission, extractable, keys, rotation } from './keys.ts'
import { enrolled } from './pki.ts'
import { appliance, processes, ready } from './processes.ts'
import { controlProgram } from './program.ts'
import { users } from './users.ts'
import { jobs, lanes } from './work.ts'

/** What the doctor looks at, in the order it is told; a check stands behind those it depends on. It changes nothing. */
export const checks: readonly Check[] = [
  appliance,
  processes,
  users,
  cluster,
  secondSite,
  postgres,
  durability,
  schema,
  redis,
  keys,
  extractable,
  rotation,
  ready,
  certificates,
  enrolled,
  admission,
  acmeCertificate,
  secrets,
  disk,
  clockSource,
  lanes,
  jobs,
  books,
  log,
  controlProgram,
  backups,
]
