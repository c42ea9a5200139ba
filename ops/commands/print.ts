/** What a command has to say: a document for machines, or words for people. */
export function print(json: boolean | undefined, document: object, words: string): void {
  process.stdout.write(json ? `${JSON.stringify(document)}\n` : words)
}
