import { type Board, rate } from './board.ts'

export const machine: Board = {
  uid: 'countroom-machine',
  title: 'Countroom: machines',
  about: 'Processors, memory, disks, network and clock of each machine, edges too (exporters).',
  panels: [
    {
      title: 'Processors',
      about: 'Share that is busy.',
      unit: 'percentunit',
      queries: { '{{node}}': '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))' },
    },
    {
      title: 'Waiting',
      about: 'Share of the time in which something waits for processors, memory or disks (pressure).',
      unit: 'percentunit',
      queries: {
        'processors {{node}}': rate('node_pressure_cpu_waiting_seconds_total', 'node'),
        'memory {{node}}': rate('node_pressure_memory_waiting_seconds_total', 'node'),
        'disks {{node}}': rate('node_pressure_io_waiting_seconds_total', 'node'),
      },
    },
    {
      title: 'Memory, left',
      about: 'What the system could give at once.',
      unit: 'percentunit',
      queries: { '{{node}}': 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes' },
    },
    {
      title: 'Disk, left',
      about: 'Of each file system.',
      unit: 'percentunit',
      queries: { '{{node}} {{mountpoint}}': 'node_filesystem_avail_bytes / node_filesystem_size_bytes' },
    },
    {
      title: 'Disks, busy',
      about: 'Share of the time in which a disk works on something.',
      unit: 'percentunit',
      queries: { '{{node}} {{device}}': rate('node_disk_io_time_seconds_total', 'node, device') },
    },
    {
      title: 'A write takes',
      about: 'At the disk. Each commit waits for one.',
      unit: 's',
      queries: {
        '{{node}} {{device}}':
          'rate(node_disk_write_time_seconds_total[$__rate_interval]) / rate(node_disk_writes_completed_total[$__rate_interval])',
      },
    },
    {
      title: 'Network',
      about: 'Bytes a second, in and out.',
      unit: 'bytes',
      queries: {
        'in {{node}}': rate('node_network_receive_bytes_total', 'node'),
        'out {{node}}': rate('node_network_transmit_bytes_total', 'node'),
      },
    },
    {
      title: 'Clock',
      about: 'How far the kernel thinks it is off.',
      unit: 's',
      queries: { '{{node}}': 'node_timex_offset_seconds' },
    },
    {
      title: 'Clock is held',
      about: 'By a time source.',
      unit: 'bool',
      queries: { '{{node}}': 'node_timex_sync_status' },
    },
    {
      title: 'Open files',
      about: 'Share of what the system allows.',
      unit: 'percentunit',
      queries: { '{{node}}': 'node_filefd_allocated / node_filefd_maximum' },
    },
  ],
}
