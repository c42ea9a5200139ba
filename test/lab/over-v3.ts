import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cut, primaryOf } from './faults.ts'
import { compare, play } from './journal.ts'
import type { Lab, LabNode } from './lab.ts'

export const overV3 = 'the primary cut off for 35 to 70 s, over the v3 API of etcd'

/** Beyond healing; what is stolen is stolen within a minute. */
const settleSeconds = 50

/**
 * Words that start something on a machine where Patroni comes to etcd by the v3 API, as it never does in an appliance: the two programs that stand
 * there are others. Patroni's reads what was rendered and turns `etcd` into `etcd3`; etcd's leaves out what we forbid it, because Patroni needs it
 * for that.
 */
function wordsOverV3(folder: string): string[] {
  const place = join(folder, 'v3')
  mkdirSync(place, { recursive: true })
  chmodSync(place, 0o1777) // each node's Patroni writes its configuration here
  const etcd = join(place, 'etcd-itself')
  copyFileSync('/usr/bin/etcd', etcd)
  chmodSync(etcd, 0o755)
  const put = (name: string, text: string) => {
    writeFileSync(join(place, name), text, { mode: 0o755 })
    return join(place, name)
  }
  const patroni = put(
    'patroni',
    `#!/usr/bin/python3
import json, os, sys
if __name__ == '__main__': # how it starts PostgreSQL reads this file once more
    with open(sys.argv[1]) as rendered:
        config = json.load(rendered)
    config['etcd3'] = config.pop('etcd')
    sys.argv[1] = os.path.join('${place}', config['name'] + '.yml')
    with open(sys.argv[1], 'w') as own:
        json.dump(config, own)
    from patroni.__main__ import main
    main()
`,
  )
  const shim = put(
    'etcd',
    `#!/bin/bash
for word; do case $word in --enable-grpc-gateway=*|--client-cert-allowed-hostname=*) ;; *) kept+=("$word");; esac; done
exec -a /usr/bin/etcd '${etcd}' "\${kept[@]}"
`,
  )
  const instead = `mount --bind '${patroni}' /usr/bin/patroni && mount --bind '${shim}' /usr/bin/etcd && exec "$@"`
  return ['/bin/sh', '-c', instead, 'sh']
}

export type Theft = {
  cutSeconds: number
  acknowledged: number
  lost: number
  /** Patroni's own word for taking the place back. */
  tookItBack: boolean
  /** What the guards of the cores kept on their disks. */
  evidence: string[]
  /** Bets that were acknowledged after a guard had kept its first evidence. */
  acknowledgedAfterwards: number
}

/**
 * Starts the nodes anew over the v3 API, cuts the primary off, heals, and asks who has noticed that what was acknowledged is gone. The lab is of no
 * more use after it.
 */
export async function stealBack(lab: Lab, perSecond: number): Promise<Theft> {
  const words = wordsOverV3(dirname(lab.nodes[0]!.home))
  await Promise.all(lab.nodes.map((node) => node.stop()))
  for (const node of lab.nodes) node.startedBy = words
  await Promise.all(lab.nodes.map((node) => node.up()))
  await lab.settled()
  const played = play(lab, perSecond)
  await played.warm()
  await pause(5)
  const node = await primaryOf(lab)
  const said = logOf(node).length
  cut(node)
  const cutSeconds = Math.round(35 + 35 * Math.random())
  await pause(cutSeconds)
  node.machine.plug()
  await pause(settleSeconds)
  const account = await played.abandon()
  const leads = await primaryOf(lab)
  const { lost } = await compare(leads.home, account)
  const evidence = lab.nodes.flatMap(evidenceOf)
  const first = Math.min(...evidence.map((file) => Number(/evidence-(\d+)/.exec(file)?.[1])))
  return {
    cutSeconds,
    acknowledged: account.acknowledged.size,
    lost: lost.length,
    tookItBack: logOf(node).slice(said).includes('promoted self to leader because I had the session lock'),
    evidence,
    acknowledgedAfterwards: [...account.acknowledgedAt.values()].filter((at) => at > first).length,
  }
}

function evidenceOf({ home }: LabNode): string[] {
  const folder = join(home, 'continuity')
  return (readdirSync(folder, { recursive: true }) as string[]).filter((file) => /evidence-\d+\.json$/.test(file))
}

function logOf({ home }: LabNode): string {
  return readFileSync(join(home, 'log/patroni.log'), 'utf8')
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
