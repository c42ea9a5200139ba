/** A new P-256 key and a request for a certificate of it, both PEM: what a component makes at its own place. */
export async function newRequest(component: string): Promise<{ key: string; request: string }> {
  const { encodeRequest } = await import('./encode.ts') // large, and only for who asks for a certificate
  return encodeRequest(component)
}
