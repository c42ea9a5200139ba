import pkcs11js from 'pkcs11js'

export type Handle = Buffer

/** A request the token must not even be asked; nothing was done and the session stays sound. */
export class TokenRefusal extends Error {}

/** The module is of no use any more; the process has to end and begin anew. */
export class ModuleLost extends Error {}

/** The token does not take the PIN. Trying again with the same one may lock it. */
export class PinRefused extends Error {}

export type Module = {
  readonly raw: pkcs11js.PKCS11
  readonly mechanisms: ReadonlySet<number>
  /**
   * Runs one operation on a session that nobody else has meanwhile. Whatever fails inside costs the session: a failed
   * operation can leave one unusable, so it is replaced and never repaired.
   * @throws TokenRefusal, ModuleLost, or what the module said
   */
  use<T>(work: (session: Handle) => T): T
  /** Called after every failure: handles that were found before may be void. */
  onFailure(listener: () => void): void
  close(): void
}

export type ModuleOptions = {
  path: string
  initArgs?: string | undefined
  token: { label: string } | { slot: number }
  pin: string
  soPin?: string | undefined
}

/**
 * Loads a PKCS#11 module and signs in to its token. Calls are synchronous and one at a time, as the binding wants it: a
 * call runs to its end before the next one begins, so no two share a session, and objects are made one after another.
 * Nothing finalises the module but the end of the process, because that would void every session at once.
 */
export function openModule(options: ModuleOptions): Module {
  const raw = new pkcs11js.PKCS11()
  raw.load(options.path)
  raw.C_Initialize({
    flags: pkcs11js.CKF_OS_LOCKING_OK,
    ...(options.initArgs === undefined ? {} : { libraryParameters: options.initArgs }),
  })
  const slot = findSlot(raw, options.token) ?? initialise(raw, options)
  const idle: Handle[] = [signIn(raw, slot, options.pin)]
  const listeners: Array<() => void> = []

  return {
    raw,
    mechanisms: new Set(raw.C_GetMechanismList(slot)),
    use(work) {
      const session = idle.pop() ?? open()
      try {
        const result = work(session)
        idle.push(session)
        return result
      } catch (error) {
        if (error instanceof TokenRefusal) idle.push(session)
        else replace(session, error as Error)
        throw error
      }
    },
    onFailure: (listener) => listeners.push(listener),
    close() {
      raw.C_Finalize()
      raw.close()
    },
  }

  function open(): Handle {
    try {
      return signIn(raw, slot, options.pin)
    } catch (error) {
      throw new ModuleLost(`no session can be opened: ${(error as Error).message}`, { cause: error })
    }
  }

  function replace(session: Handle, cause: Error): void {
    for (const listener of listeners) listener()
    if (/DEVICE_ERROR|DEVICE_REMOVED|TOKEN_NOT_PRESENT|CRYPTOKI_NOT_INITIALIZED/.test(cause.message))
      throw new ModuleLost(cause.message, { cause })
    idle.push(open()) // before the other one is closed: with its last session a token forgets the sign-in
    try {
      raw.C_CloseSession(session)
    } catch {}
  }
}

function findSlot(raw: pkcs11js.PKCS11, token: ModuleOptions['token']): Handle | undefined {
  return raw
    .C_GetSlotList(true)
    .find((slot) =>
      'slot' in token ? numberOf(slot) === token.slot : raw.C_GetTokenInfo(slot).label.trim() === token.label,
    )
}

function numberOf(slot: Handle): number {
  return Number(slot.length === 8 ? slot.readBigUInt64LE() : slot.readUInt32LE())
}

function initialise(raw: pkcs11js.PKCS11, { token, pin, soPin }: ModuleOptions): Handle {
  if ('slot' in token) throw new Error(`The module has no token in slot ${token.slot}.`)
  if (soPin === undefined) throw new Error(`The module has no token "${token.label}".`)
  const free = raw
    .C_GetSlotList(true)
    .find((slot) => (raw.C_GetTokenInfo(slot).flags & pkcs11js.CKF_TOKEN_INITIALIZED) === 0)
  if (!free) throw new Error(`The module has no token "${token.label}" and no free slot to make one in.`)
  raw.C_InitToken(free, soPin, token.label.padEnd(32)) // the standard pads with blanks, the binding does not
  const slot = findSlot(raw, token)
  if (!slot) throw new Error(`The module did not make the token "${token.label}".`)
  const session = raw.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
  raw.C_Login(session, pkcs11js.CKU_SO, soPin)
  raw.C_InitPIN(session, pin)
  raw.C_Logout(session)
  raw.C_CloseSession(session)
  return slot
}

function signIn(raw: pkcs11js.PKCS11, slot: Handle, pin: string): Handle {
  const session = raw.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
  try {
    raw.C_Login(session, pkcs11js.CKU_USER, pin)
  } catch (error) {
    const said = (error as Error).message
    if (/PIN_INCORRECT|PIN_LOCKED|PIN_EXPIRED|PIN_LEN_RANGE|PIN_INVALID/.test(said))
      throw new PinRefused(`The token does not take the PIN (${said}).`, { cause: error })
    if (!/ALREADY_LOGGED_IN/.test(said)) throw error
  }
  return session
}
