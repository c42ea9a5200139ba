import { openDatabase } from '../../core/host/database.ts'
import { migrate } from '../../core/host/migrations.ts'
import { type Cluster, startCluster } from './cluster.ts'

/** One PostgreSQL for the whole run, with a migrated template that each test file clones. */
export default async function setup() {
  const cluster = await startCluster()
  process.env.COUNTROOM_TEST_DATABASE = JSON.stringify({ host: cluster.host, port: cluster.port })
  await makeTemplate(cluster)
  return () => cluster.stop()
}

/** The migrated database of a cluster that others are cloned from. */
export async function makeTemplate(cluster: Cluster): Promise<void> {
  const admin = openDatabase({ ...cluster, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await admin`create database countroom_template owner countroom_owner`
  await admin.end()
  const owner = openDatabase({
    ...cluster,
    database: 'countroom_template',
    user: 'countroom_owner',
    password: '',
    poolMax: 2,
  })
  await migrate(owner)
  await owner.end()
}
