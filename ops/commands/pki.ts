import { Command } from 'commander'

/** `countroom pki`: the private authority. Each word is a file of its own. */
export async function pkiCommand(): Promise<Command> {
  const words = await Promise.all([
    import('./pki/list.ts').then(({ listCommand }) => listCommand()),
    import('./pki/enrol.ts').then(({ enrolCommand }) => enrolCommand()),
    import('./pki/request.ts').then(({ requestCommand }) => requestCommand()),
    import('./pki/renew.ts').then(({ renewCommand }) => renewCommand()),
    import('./pki/revoke.ts').then(({ revokeCommand }) => revokeCommand()),
    import('./pki/export.ts').then(({ exportCommand }) => exportCommand()),
  ])
  const program = new Command('pki').description('the private authority: who has a certificate, and who not any more')
  for (const word of words) program.addCommand(word)
  return program
}
