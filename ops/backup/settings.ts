import { z } from 'zod'

/** A folder of this machine, better of another disk, or a share that is mounted. */
const inDirectory = z.strictObject({ directory: z.string().startsWith('/') })

/** Whatever speaks S3. Key and secret stand in files of who supervises. */
const inS3 = z.strictObject({
  s3: z.strictObject({
    bucket: z.string().min(1),
    endpoint: z.string().min(1),
    region: z.string().min(1),
    path: z.string().startsWith('/').default('/countroom'),
    keyFile: z.string().startsWith('/'),
    secretFile: z.string().startsWith('/'),
    caFile: z.string().startsWith('/').optional(),
    /** How the bucket is named: before the endpoint's name, or in the path. */
    style: z.enum(['host', 'path']).default('host'),
    /** How long it may say nothing before it is asked again; after four times the log and lists go on without it. */
    silenceSecondsMax: z.int().min(1).max(60).default(10),
  }),
})

const inSftp = z.strictObject({
  sftp: z.strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65535).default(22),
    user: z.string().min(1),
    path: z.string().startsWith('/'),
    privateKeyFile: z.string().startsWith('/'),
    /** SHA-256 of the host's key, hexadecimal. */
    hostFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  }),
})

const repository = z.union([inDirectory, inS3, inSftp])

/** `backup` in `countroom.json`: where backups of data go, how often, and how long they are kept. */
export const backupSettings = z.strictObject({
  /** The second, in another place, is what helps when this one burns. */
  repositories: z.array(repository).min(1).max(4).optional(),
  /** Full backups that are kept, with all that hangs on them. */
  keepFull: z.int().min(1).max(100).default(2),
  /** Days until the next full backup. */
  fullDays: z.int().min(1).max(90).default(7),
  /** Hours until the next backup at all. */
  everyHours: z.int().min(1).max(168).default(24),
  /** What the backups between two full ones are against: the one before, or the full one. */
  between: z.enum(['incr', 'diff']).default('incr'),
  /** A segment of the write-ahead log is archived after so long, full or not: what a lost machine may cost. */
  archiveSeconds: z.int().min(5).max(60).default(30),
  /**
   * Unless it is said, what cannot be archived stays in `pg/` until it can. With a limit, what is beyond it is dropped, nothing
   * stops, and no restore gets past the hole before the next backup.
   */
  archiveQueueMegabytesMax: z.int().min(64).optional(),
  /** Days between two drills; 0 for none. */
  drillDays: z.int().min(0).max(365).default(30),
  /** Processes that a backup or restore works with. */
  processes: z.int().min(1).max(32).default(2),
})

export type BackupSettings = z.infer<typeof backupSettings>
export type Repository = z.infer<typeof repository>
