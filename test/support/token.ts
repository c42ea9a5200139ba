import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pkcs11js from 'pkcs11js'
import { type Setting, testPin } from './modules.ts'

/**
 * The hand of somebody who has the PIN: does to a test agent's token what the agent never would. A process of
 * its own: `token.ts <dir of the agent> <what> [names]`.
 */
const [dir = '', what, ...names] = process.argv.slice(2)
const classes = [pkcs11js.CKO_SECRET_KEY, pkcs11js.CKO_PRIVATE_KEY, pkcs11js.CKO_PUBLIC_KEY]

const kept = [
  { type: pkcs11js.CKA_TOKEN, value: true },
  { type: pkcs11js.CKA_PRIVATE, value: true },
  { type: pkcs11js.CKA_SENSITIVE, value: true },
  { type: pkcs11js.CKA_EXTRACTABLE, value: false },
]

const { module, token: wanted } = JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')) as Setting
if (module.softhsmConf) process.env.SOFTHSM2_CONF = module.softhsmConf
process.env.NSS_MAX_MP_PBE_ITERATION_COUNT = '1'
const token = new pkcs11js.PKCS11()
token.load(module.path)
token.C_Initialize({
  flags: pkcs11js.CKF_OS_LOCKING_OK,
  ...(module.initArgs ? { libraryParameters: module.initArgs } : {}),
})
act(token)
token.C_Finalize()

function act(token: pkcs11js.PKCS11): void {
  const session = what === 'first-version' ? newToken(token) : signedIn(token)
  const [one = '', other = ''] = names
  if (what === 'list') process.stdout.write(labels(token, session).join(' '))
  if (what === 'remove' || what === 'replace')
    for (const object of find(token, session, one)) token.C_DestroyObject(session, object)
  if (what === 'replace' || what === 'plant') generate(token, session, one, true)
  if (what === 'swap') swap(token, session, one, other, classes)
  if (what === 'swapPublic') swap(token, session, one, other, [pkcs11js.CKO_PUBLIC_KEY])
  if (what === 'mac')
    process.stdout.write(mac(token, session, find(token, session, one)[0]!, Buffer.from(other, 'hex')).toString('hex'))
  if (what === 'first-version') firstVersion(token, session)
}

function signedIn(token: pkcs11js.PKCS11): Buffer {
  const session = opened(token)
  token.C_Login(session, pkcs11js.CKU_USER, testPin)
  return session
}

function opened(token: pkcs11js.PKCS11): Buffer {
  const slot = token.C_GetSlotList(true).find((each) => token.C_GetTokenInfo(each).label.trim() === wanted.label)!
  return token.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
}

/** As the first version made it, in SoftHSM. */
function newToken(token: pkcs11js.PKCS11): Buffer {
  token.C_InitToken(token.C_GetSlotList(true)[0]!, '87654321', 'countroom'.padEnd(32))
  const session = opened(token)
  token.C_Login(session, pkcs11js.CKU_SO, '87654321')
  token.C_InitPIN(session, testPin)
  token.C_Logout(session)
  token.C_Login(session, pkcs11js.CKU_USER, testPin)
  return session
}

function find(token: pkcs11js.PKCS11, session: Buffer, label: string, among = classes): Buffer[] {
  return among.flatMap((type) => {
    token.C_FindObjectsInit(session, [
      { type: pkcs11js.CKA_LABEL, value: label },
      { type: pkcs11js.CKA_CLASS, value: type },
    ])
    const found = token.C_FindObjects(session, 8)
    token.C_FindObjectsFinal(session)
    return found
  })
}

function labels(token: pkcs11js.PKCS11, session: Buffer): string[] {
  token.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_TOKEN, value: true }])
  const found = token.C_FindObjects(session, 1000)
  token.C_FindObjectsFinal(session)
  return found.map((object) =>
    String(token.C_GetAttributeValue(session, object, [{ type: pkcs11js.CKA_LABEL }])[0]?.value),
  )
}

function swap(token: pkcs11js.PKCS11, session: Buffer, one: string, other: string, among: number[]): void {
  const [first, second] = [find(token, session, one, among), find(token, session, other, among)]
  const name = (objects: Buffer[], label: string) => {
    for (const object of objects)
      token.C_SetAttributeValue(session, object, [{ type: pkcs11js.CKA_LABEL, value: label }])
  }
  name(first, other)
  name(second, one)
}

function generate(token: pkcs11js.PKCS11, session: Buffer, label: string, wraps: boolean): Buffer {
  const flags = { ENCRYPT: false, DECRYPT: false, WRAP: wraps, UNWRAP: wraps, SIGN: !wraps, VERIFY: !wraps }
  const mechanism = wraps ? pkcs11js.CKM_AES_KEY_GEN : pkcs11js.CKM_GENERIC_SECRET_KEY_GEN
  return token.C_GenerateKey(session, { mechanism }, [
    ...kept,
    { type: pkcs11js.CKA_LABEL, value: label },
    { type: pkcs11js.CKA_ID, value: Buffer.from(label) },
    { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    ...Object.entries(flags).map(([flag, value]) => ({ type: pkcs11js[`CKA_${flag}` as 'CKA_WRAP'], value })),
  ])
}

function mac(token: pkcs11js.PKCS11, session: Buffer, key: Buffer, data: Buffer): Buffer {
  token.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA256_HMAC }, key)
  return Buffer.from(token.C_Sign(session, data, Buffer.alloc(32)))
}

/** The keys of the first version, and what they made: a MAC, and a data key with the binding it had then. */
function firstVersion(token: pkcs11js.PKCS11, session: Buffer): void {
  const kek = generate(token, session, 'kek-pii-1', true)
  const [, pepper, binder] = ['hk-email-index', 'hk-pepper', 'hk-dek-binding'].map((label) =>
    generate(token, session, label, false),
  ) as [Buffer, Buffer, Buffer]
  for (const label of ['sk-audit', 'sk-ca'])
    token.C_GenerateKeyPair(
      session,
      { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
      [
        { type: pkcs11js.CKA_LABEL, value: label },
        { type: pkcs11js.CKA_TOKEN, value: true },
        { type: pkcs11js.CKA_VERIFY, value: true },
        { type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from('06082a8648ce3d030107', 'hex') },
      ],
      [
        { type: pkcs11js.CKA_LABEL, value: label },
        ...kept,
        { type: pkcs11js.CKA_SIGN, value: true },
        { type: pkcs11js.CKA_DECRYPT, value: false },
        { type: pkcs11js.CKA_UNWRAP, value: false },
      ],
    )
  const dek = randomBytes(32)
  const object = token.C_CreateObject(session, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
    { type: pkcs11js.CKA_TOKEN, value: false },
    { type: pkcs11js.CKA_SENSITIVE, value: false },
    { type: pkcs11js.CKA_EXTRACTABLE, value: true },
    { type: pkcs11js.CKA_VALUE, value: dek },
  ])
  const wrapped = token.C_WrapKey(session, { mechanism: pkcs11js.CKM_AES_KEY_WRAP }, kek, object, Buffer.alloc(64))
  const context = Buffer.from('["plr_ada","contact",1]')
  const binding = mac(
    token,
    session,
    binder,
    Buffer.concat([Buffer.from(`kek-pii-1|${context.length}|`), context, wrapped]),
  )
  const made = { mac: mac(token, session, pepper, Buffer.from('text')), wrapped, binding, dek }
  writeFileSync(
    join(dir, 'made.json'),
    JSON.stringify(Object.fromEntries(Object.entries(made).map(([name, bytes]) => [name, bytes.toString('hex')]))),
  )
}
