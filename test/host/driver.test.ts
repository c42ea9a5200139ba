import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDatabase, type Sql } from '../../core/host/database.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
let pool: Sql
beforeAll(async () => {
  db = await openTestDatabase()
  await db.admin`create table kept (what text primary key, late text unique deferrable initially deferred)`
  await db.admin`grant all on kept to countroom_app`
})
afterAll(() => db.stop())
beforeEach(() => {
  pool = openDatabase({ ...db.address, user: 'countroom_app', password: '', poolMax: 1 })
})
afterEach(() => pool.end({ timeout: 1 }))

const kept = async () =>
  (await db.admin<Array<{ what: string }>>`select what from kept order by what`).map((row) => row.what)
const terminate = (pid: number) => db.admin`select pg_terminate_backend(${pid}, 5000)`
const pidOf = async (sql: Pick<Sql, 'unsafe'>) => Number((await sql.unsafe('select pg_backend_pid() as pid'))[0]?.pid)

test('a transaction whose connection ends rejects, and the process lives', async () => {
  const lost = pool.begin(async (tx) => {
    const pid = await pidOf(tx)
    await Promise.all([tx`select pg_sleep(5)`, terminate(pid)])
  })
  await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect(await pool`select 1 as one`).toEqual([{ one: 1 }])
})

test('what was still to come of a transaction that was cut is not done on another connection', async () => {
  let askedOn!: () => void
  const goOn = new Promise<void>((resolve) => {
    askedOn = resolve
  })
  let second: Promise<unknown> | undefined
  const lost = pool.begin(async (tx) => {
    await tx`insert into kept (what) values ('first')`
    await terminate(await pidOf(tx))
    await goOn // as one waits for a key agent, while others use the pool
    second = Promise.resolve(tx`insert into kept (what) values ('second')`)
    await second
  })
  await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect(await pool`select 1 as one`).toEqual([{ one: 1 }]) // the pool has its connection again
  askedOn()
  while (!second) await new Promise(setImmediate)
  await expect(second).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect(await kept()).toEqual([])
})

test('a connection that ends while a statement is about to be written serves again', async () => {
  for (let i = 0; i < 20; i++) {
    const pid = await pidOf(pool)
    const asked = Array.from({ length: 4 }, () => pool`select ${i}::int as asked`.catch(() => {}))
    await Promise.all([terminate(pid), ...asked])
    expect(await pool`select 1 as one`.catch(() => pool`select 1 as one`)).toEqual([{ one: 1 }])
  }
})

test('what is asked while a connection ends is answered or refused, never forgotten, and the pool serves again', async () => {
  for (let i = 0; i < 10; i++) {
    await terminateUnseen(await pidOf(pool))
    const first = outcome(pool`select 1 as one`)
    const second = first.then(() => outcome(pool`select 1 as one`)) // between the error and the end
    expect(await Promise.race([second, late()])).not.toBe('late')
    await expect.poll(() => outcome(pool`select 1 as one`)).toBe('done')
  }
})

/** Ends a backend while this process looks away, so that it finds out by writing. */
async function terminateUnseen(pid: number): Promise<void> {
  void outcome(db.admin`select pg_terminate_backend(${pid})`)
  for (let i = 0; i < 2; i++) await new Promise(setImmediate)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60)
}

const outcome = (asked: PromiseLike<unknown>) =>
  Promise.resolve(asked).then(
    () => 'done',
    (error: { code?: string }) => error.code,
  )
const late = () => new Promise<string>((resolve) => setTimeout(resolve, 4000, 'late'))

test('what fails at the commit itself is not acknowledged, in a transaction or alone', async () => {
  await pool`insert into kept (what, late) values ('one', 'same')`
  await expect(pool`insert into kept (what, late) values ('two', 'same')`).rejects.toMatchObject({ code: '23505' })
  await expect(pool.begin((tx) => tx`insert into kept (what, late) values ('two', 'same')`)).rejects.toMatchObject({
    code: '23505',
  })
  expect(await kept()).toEqual(['one'])
})

test('the driver loads mended under the permission model', async () => {
  const core = new URL('../../core/host/database.ts', import.meta.url).pathname
  const script = `const { openDatabase } = await import(${JSON.stringify(core)}); console.log(typeof openDatabase)`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--permission',
    '--allow-net',
    '--allow-fs-read=/',
    '--input-type=module',
    '--eval',
    script,
  ])
  expect(stdout.trim()).toBe('function')
})
