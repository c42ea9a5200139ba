/**
 * Answers, with yes or no, not before so long after the question: how long the work took, which tells whether there was any, does
 * not show [S08] [CR-02]. Work that takes longer is not held back further.
 */
export async function unhurried<T>(work: () => Promise<T>, msMin = 300): Promise<T> {
  const rest = new Promise((resolve) => setTimeout(resolve, msMin))
  try {
    return await work()
  } finally {
    await rest
  }
}
