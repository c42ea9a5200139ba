/** Tests of resilience run so often in a row, each of them: `COUNTROOM_RESILIENCE_TURNS=3`; once without it. */
export const inARow = { repeats: Number(process.env.COUNTROOM_RESILIENCE_TURNS ?? 1) - 1 }
