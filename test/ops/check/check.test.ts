import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { lineOf } from '../../../ops/check/check.ts'
import { readRange } from '../../../ops/check/range.ts'
import { until } from '../../support/client.ts'
import { countroom, repository } from '../command.ts'

/** `countroom check` where nothing runs; what it says of a running appliance is in the doctor's tests. */
const dir = mkdtempSync('/tmp/cr-check-')
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('a range', () => {
  test.each([
    ['10', [0, 10], [-1, 10.1]],
    ['10:', [10, 1e9], [9.9]],
    ['~:10', [-1e9, 10], [10.5]],
    ['10:20', [10, 20], [9, 21]],
    ['@10:20', [9, 21], [10, 20]],
    ['-0.5:0.5', [0, -0.5], [0.6]],
  ])('%s holds what the guidelines say', (text, good, bad) => {
    for (const value of good) expect(readRange(text).holds(value), `${value}`).toBe(true)
    for (const value of bad) expect(readRange(text).holds(value), `${value}`).toBe(false)
  })

  test.each(['', ':', '@', 'ten', '20:10', '1:2:3', '10%'])('"%s" is none', (text) => {
    expect(() => readRange(text)).toThrow(RangeError)
  })
})

test('whatever words hold, the line stays one line with one bar', () => {
  const performance = [{ label: 'age', value: 3, unit: 's', warning: '5', critical: '9' }]
  expect(lineOf({ name: 'proof-age', state: 'OK', words: 'a | b\nc', performance })).toBe(
    "COUNTROOM PROOF-AGE OK - a / b c | 'age'=3s;5;9",
  )
})

test.each([
  [['disk-free', '-w', '0:', '-c', '0:'], 0, /^COUNTROOM DISK-FREE OK - .* \| 'free'=[\d.]+%;0:;0:\n$/],
  [['disk-free', '-w', '101:', '-c', '0:'], 1, /^COUNTROOM DISK-FREE WARNING - /],
  [['proof-age'], 2, /^COUNTROOM PROOF-AGE CRITICAL - appliance: no appliance runs in /],
  [['disk-free', '-w', 'ten'], 3, /UNKNOWN - "ten" is no range/],
  [['everything'], 3, /UNKNOWN - there is no check "everything"/],
  [['disk-free', '--nonsense'], 3, /unknown option/],
])('countroom check %j ends with %i', async (words, code, says) => {
  const ended = await countroom(dir, ['check', ...words])
  expect([ended.code, ended.out]).toEqual([code, expect.stringMatching(says)])
})

test('Debian’s Nagios runs it and takes its verdicts and its performance data', async () => {
  const { username } = userInfo()
  const file = (name: string) => join(dir, 'nagios', name)
  mkdirSync(file('results'), { recursive: true })
  writeFileSync(
    file('check'),
    `#!/bin/sh\nCOUNTROOM_HOME=${dir} exec ${process.execPath} --disable-warning=ExperimentalWarning ${repository}/ops/countroom.ts check "$@"\n`,
  )
  chmodSync(file('check'), 0o755)
  const define = (kind: string, ...lines: string[]) => `define ${kind} {\n${lines.join('\n')}\n}\n`
  const service = (name: string, words: string) =>
    define(
      'service',
      'host_name casino',
      `service_description ${name}`,
      `check_command countroom!${words}`,
      'use usual',
    )
  writeFileSync(
    file('objects.cfg'),
    [
      define('command', 'command_name countroom', `command_line ${file('check')} $ARG1$`),
      define(
        'contact',
        'contact_name nobody',
        ...['host', 'service'].map((of) => `${of}_notification_commands countroom`),
      ),
      define(
        'host',
        'host_name casino',
        'address 127.0.0.1',
        'max_check_attempts 1',
        'contacts nobody',
        'active_checks_enabled 0',
      ),
      define(
        'service',
        'name usual',
        'max_check_attempts 1',
        'check_interval 600',
        'notifications_enabled 0',
        'contacts nobody',
        'register 0',
      ),
      service('disk', 'disk-free -w 0: -c 0:'),
      service('appliance', 'appliance'),
    ].join(''),
  )
  writeFileSync(
    file('nagios.cfg'),
    `cfg_file=${file('objects.cfg')}
log_file=${file('nagios.log')}
object_cache_file=${file('objects.cache')}
status_file=${file('status.dat')}
state_retention_file=${file('retention.dat')}
temp_file=${file('temp')}
temp_path=${file('results')}
check_result_path=${file('results')}
query_socket=${file('nagios.qh')}
command_file=${file('nagios.cmd')}
lock_file=${file('nagios.lock')}
nagios_user=${username}
nagios_group=${execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()}
status_update_interval=1
interval_length=1
check_for_updates=0
check_workers=1
service_inter_check_delay_method=n
enable_notifications=0
`,
  )
  const nagios = spawn('/usr/sbin/nagios4', [file('nagios.cfg')], { stdio: 'ignore' })
  try {
    const status = await until(
      'both services checked',
      async () => {
        if (!existsSync(file('status.dat'))) return undefined
        const text = readFileSync(file('status.dat'), 'utf8')
        return text.match(/plugin_output=COUNTROOM/g)?.length === 2 ? text : undefined
      },
      100,
    )
    const of = (name: string) =>
      status.split('servicestatus {').find((part) => part.includes(`service_description=${name}\n`))!
    expect(of('disk')).toMatch(/current_state=0\n[\s\S]*performance_data='free'=[\d.]+%;0:;0:\n/)
    expect(of('appliance')).toMatch(
      /current_state=2\n[\s\S]*plugin_output=COUNTROOM APPLIANCE CRITICAL - no appliance runs/,
    )
  } finally {
    const gone = new Promise((resolve) => nagios.once('exit', resolve))
    nagios.kill('SIGTERM')
    await gone
  }
}, 120_000)
