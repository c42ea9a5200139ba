import { statfs } from 'node:fs/promises'
import { Gauge } from 'prom-client'
import { currentLoad, mem } from 'systeminformation'

/** Facts of the machine this process stands on; one process per machine tells them. `file` is any file in the home. */
export function observeMachine(file: string): void {
  new Gauge({
    name: 'countroom_machine_load_ratio',
    help: 'Share of all processors that is busy.',
    async collect() {
      this.set((await currentLoad()).currentLoad / 100)
    },
  })
  new Gauge({
    name: 'countroom_machine_memory_bytes',
    help: 'Memory of the machine.',
    labelNames: ['state'],
    async collect() {
      const memory = await mem()
      this.set({ state: 'total' }, memory.total)
      this.set({ state: 'available' }, memory.available)
    },
  })
  new Gauge({
    name: 'countroom_machine_disk_bytes',
    help: 'The file system the home directory stands on.',
    labelNames: ['state'],
    async collect() {
      const disk = await statfs(file)
      this.set({ state: 'total' }, disk.blocks * disk.bsize)
      this.set({ state: 'available' }, disk.bavail * disk.bsize)
    },
  })
}
