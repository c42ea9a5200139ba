import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isSigned, type Keys } from '#keys'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { testModules } from '../../support/modules.ts'

/** The agent signs checkpoints of one log that only grows; what the database says of the past is compared with what it signed. */
describe.each(testModules)('on %s', (module) => {
  let agent: TestKeys
  let work: Keys
  let ops: Keys
  beforeAll(async () => {
    agent = await startTestKeys({ module })
    ;[work, ops] = [agent.as('work'), agent.as('ops')]
  })
  afterAll(() => agent.stop())

  const head = (size: number, filler = size) => ({ size, root: Buffer.alloc(32, filler) })
  type Head = ReturnType<typeof head>
  const sign = (next: Head, after?: Head, origin = 'countroom/test') =>
    work.signCheckpoint(`${origin}\n${next.size}\n${next.root.toString('base64')}\n`, after)
  const rewound = expect.objectContaining({ code: 'keys.log_rewound', kind: 'conflict' })

  test('[S51] it signs what goes on from what it signed, also where the last one was lost with its transaction', async () => {
    const { key, signature } = await sign(head(10))
    const text = Buffer.from(`countroom/test\n10\n${Buffer.alloc(32, 10).toString('base64')}\n`)
    expect(isSigned(await work.publicKey(key), text, signature)).toBe(true)
    await sign(head(12)) // the transaction of 10 did not come to its end
    await sign(head(20), head(12))
    await sign(head(21), head(12)) // nor that of 20
    await sign(head(30), head(21))
    await sign(head(30), head(21)) // and asked again
  })

  test('[S51] a database that was put back, a tree rewritten, a second log: refused, also by an agent that was restarted', async () => {
    const refusals: Array<[Head, Head | undefined, string?]> = [
      [head(40), head(12)],
      [head(40), undefined],
      [head(40), head(30, 99)],
      [head(40), head(21, 99)],
      [head(20), head(30)],
      [head(40), head(30), 'countroom/another'],
      [head(1), undefined, 'countroom/another'],
    ]
    for (const restarted of [false, true]) {
      if (restarted) {
        await agent.kill()
        await agent.restart()
      }
      for (const [next, after, origin] of refusals) await expect(sign(next, after, origin)).rejects.toThrow(rewound)
    }
    await sign(head(40), head(30))
  })

  test('[S51] its key signs nothing else: no other text, no tree without leaves, no digest', async () => {
    await expect(work.signCheckpoint('what is this?', head(40))).rejects.toThrow('keys.refused')
    for (const after of [head(40), undefined]) await expect(sign(head(0), after)).rejects.toThrow('keys.refused')
    for (const keys of [work, ops, agent.keys]) {
      await expect(keys.signMessage('sk-audit', Buffer.from('text'))).rejects.toThrow('keys.not_allowed')
      await expect(keys.sign('sk-audit', Buffer.alloc(32))).rejects.toThrow('keys.not_allowed')
    }
    await expect(ops.signCheckpoint('countroom/test\n1\nx\n', undefined)).rejects.toThrow('keys.not_allowed')
  })

  test('a person can say that the log begins anew, and the journal has it', async () => {
    await expect(work.beginLog('countroom/test')).rejects.toThrow('keys.not_allowed')
    await ops.beginLog('countroom/test')
    await sign(head(5), head(3))
    const [begun, done] = (await ops.journal(0, 1000)).slice(-2)
    expect([begun, done]).toMatchObject([
      { operation: 'begin-log', key: 'countroom/test', outcome: 'begun', role: 'ops' },
      { operation: 'begin-log', outcome: 'done' },
    ])
  })

  test('[S51] it remembers from which size on a key signs that succeeded another, also where its first tree was lost or the log put back', async () => {
    const from = async () =>
      (await ops.list()).filter(({ family }) => family === 'sk-audit').map(({ signsFrom }) => signsFrom)
    await sign(head(1040), head(5))
    expect(await from()).toEqual([undefined]) // who was there first signed everything before
    await ops.activate((await ops.create('sk-audit')).key)
    expect(await from()).toEqual([undefined, undefined])
    await sign(head(1050), head(1040))
    expect(await from()).toEqual([undefined, 1041])
    await sign(head(1045), head(1040)) // the transaction of 1050 did not come to its end
    await sign(head(1060), head(1045))
    await agent.kill()
    await agent.restart()
    expect(await from()).toEqual([undefined, 1041])
    await ops.beginLog('countroom/test')
    await sign(head(30), head(20))
    expect(await from()).toEqual([undefined, 21])
  })

  test('[S51] a key that is succeeded signs to whom, with the first tree of the next one, and is not destroyed before', async () => {
    const entryOf = async (key: string) => (await ops.list()).find((entry) => entry.key === key)!
    const old = await ops.active('sk-audit')
    const size = (await work.signedSizes())[0]!
    const { key } = await ops.create('sk-audit')
    await expect(ops.activate(key)).resolves.toMatchObject({ state: 'active' })
    expect(await entryOf(key)).not.toHaveProperty('handover')
    await expect(ops.destroy(old)).rejects.toThrow(
      /hands the log over with the first checkpoint of sk-audit-\d+, which is/,
    )

    await sign(head(size + 5), head(size))
    const { handover, signsFrom } = await entryOf(key)
    const spki = (await work.publicKey(key)).export({ format: 'der', type: 'spki' }).toString('base64')
    expect(handover).toMatchObject({
      by: old,
      text: `countroom-log-handover-1\ncountroom/test\n${size + 1}\n${spki}\n`,
    })
    expect(signsFrom).toBe(size + 1)
    const signature = Buffer.from(handover!.signature, 'base64')
    expect(isSigned(await work.publicKey(old), Buffer.from(handover!.text), signature)).toBe(true)
    expect(isSigned(await work.publicKey(key), Buffer.from(handover!.text), signature)).toBe(false)

    await ops.destroy(old)
    await agent.kill()
    await agent.restart()
    await sign(head(size + 9), head(size + 5))
    expect((await entryOf(key)).handover).toEqual(handover)
    // Nobody has it say so: neither is a handover a checkpoint, nor does any role have another word of this key.
    await expect(work.signCheckpoint(handover!.text, head(size + 9))).rejects.toThrow('keys.refused')
    await expect(work.signCheckpoint(handover!.text.replace(/^[^\n]+\n/, ''), head(size + 9))).rejects.toThrow(
      'keys.refused',
    )

    // Of a log put back to before, who is no more says nothing.
    await ops.beginLog('countroom/test')
    await sign(head(8), head(7))
    expect(await entryOf(key)).toMatchObject({ signsFrom: 8 })
    expect(await entryOf(key)).not.toHaveProperty('handover')
  })
})
