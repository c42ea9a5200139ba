/** A key, its chain and a password as one PKCS #12 file, for a browser. */
export async function bundle(input: { name: string; key: string; chain: string; password: string }): Promise<Buffer> {
  const { encodePkcs12 } = await import('./pkcs12.ts') // large, and only for who hands out a certificate
  return encodePkcs12(input)
}
