import { partsOf, reelsOf, type SlotSheet, symbolsOf, type Weighted } from './sheet.ts'

const symbolsMax = 16 // four bits each, in the tables
const positionsMax = 20
const reelsMax = 5
const countMax = 15

/** What is wrong with a sheet, in words for whoever writes it; empty when nothing is. */
export function checkSheet(sheet: SlotSheet): string[] {
  return [
    ...checkReels(sheet),
    ...checkWins(sheet),
    ...checkWilds(sheet),
    ...checkScatters(sheet),
    ...checkCascade(sheet),
    ...checkHold(sheet),
    ...checkPick(sheet),
    ...checkGamble(sheet),
  ]
}

function* checkReels(sheet: SlotSheet): Generator<string> {
  const reels = reelsOf(sheet)
  const symbols = symbolsOf(sheet)
  if (!isCount(sheet.rows)) return yield 'rows: how many symbols of a reel are in view, from 1 on'
  if (reels < 2 || reels > reelsMax) yield `reels: 2 to ${reelsMax}, not ${reels}`
  if (reels * sheet.rows > positionsMax) yield `reels: at most ${positionsMax} positions in view`
  if (symbols.length > symbolsMax) yield `symbols: at most ${symbolsMax}, not ${symbols.length}`
  for (const [reel, strip] of (sheet.strips ?? []).entries())
    if (strip.length < sheet.rows) yield `strips: reel ${reel + 1} is shorter than its view`
  for (const [reel, weights] of (sheet.weights ?? []).entries()) {
    yield* checkWeights(`weights: reel ${reel + 1}`, weights)
    if (new Set(weights.map(([symbol]) => symbol)).size < weights.length)
      yield `weights: reel ${reel + 1} names a symbol twice`
  }
}

function* checkWins(sheet: SlotSheet): Generator<string> {
  const reels = reelsOf(sheet)
  if (!isCount(partsOf(sheet))) yield 'lines: there is none'
  for (const [index, line] of (sheet.lines ?? []).entries())
    if (line.length !== reels || !line.every((row) => Number.isInteger(row) && row >= 0 && row < sheet.rows))
      yield `lines: line ${index + 1} names one row in view for each reel`
  const lines = (sheet.lines ?? []).map(String)
  if (new Set(lines).size < lines.length) yield 'lines: two are the same'
  for (const [symbol, pays] of Object.entries(sheet.pays)) {
    if (!symbolsOf(sheet).includes(symbol)) yield `pays: no reel shows ${symbol}`
    for (const [count, times] of Object.entries(pays))
      if (!isCount(times) || !(Number(count) >= 1 && Number(count) <= reels))
        yield `pays: ${count} of ${symbol} pay a whole number, on 1 to ${reels} reels`
  }
}

function* checkWilds(sheet: SlotSheet): Generator<string> {
  const { wild, pays } = sheet
  const wilds = typeof wild === 'string' ? [wild] : Object.keys(wild ?? {})
  for (const each of wilds) {
    if (!symbolsOf(sheet).includes(each)) yield `wild: no reel shows ${each}`
    if (special(sheet).includes(each)) yield `wild: ${each} is a symbol of a feature as well`
    const first = sheet.strips ? sheet.strips[0] : sheet.weights[0]?.map(([symbol]) => symbol)
    // What a way of wilds alone is would be a matter of opinion.
    if (sheet.ways && (pays[each] || first?.includes(each)))
      yield `wild: with ways, ${each} neither pays nor stands on the first reel`
  }
  for (const replaced of typeof wild === 'object' ? Object.values(wild).flat() : [])
    if (!pays[replaced]) yield `wild: ${replaced} has no pays that a wild could stand for`
}

function* checkScatters(sheet: SlotSheet): Generator<string> {
  const { scatter, scatterPays = {}, freeSpins } = sheet
  if ((freeSpins || Object.keys(scatterPays).length > 0) && !scatter) yield 'scatter: pays or free spins ask for one'
  for (const symbol of special(sheet)) {
    if (!symbolsOf(sheet).includes(symbol)) yield `${symbol}: no reel shows it`
    if (sheet.pays[symbol]) yield `${symbol}: a symbol of a feature has no pays from the left`
    if (mostInView(sheet, symbol) > countMax) yield `${symbol}: more than ${countMax} can be in view`
  }
  if (new Set(special(sheet)).size < special(sheet).length) yield 'scatter, hold and pick: each a symbol of its own'
  for (const [count, times] of Object.entries(scatterPays))
    if (!isCount(Number(count)) || !isCount(times)) yield `scatterPays: ${count} pay a whole number`
  if (!freeSpins) return
  const { from, count, multiplier, totalMax } = freeSpins
  if (![from, count, multiplier].every(isCount))
    yield 'freeSpins: from, count and multiplier are whole numbers from 1 on'
  if (totalMax !== undefined && totalMax < count) yield 'freeSpins: totalMax is less than one award'
}

function* checkCascade({ cascade, strips }: SlotSheet): Generator<string> {
  if (!cascade) return
  if (!strips) yield 'cascade: what falls comes from strips'
  if (cascade.ladder.length === 0 || !cascade.ladder.every(isCount))
    yield 'cascade: a ladder of whole numbers from 1 on'
}

function* checkHold({ hold }: SlotSheet): Generator<string> {
  if (!hold) return
  yield* checkWeights('hold: values', hold.values)
  if (!hold.values.every(([value]) => isCount(value))) yield 'hold: values are whole numbers of stakes'
  if (!isCount(hold.from) || !isCount(hold.respins) || !isCount(hold.blank))
    yield 'hold: from, respins and blank are whole numbers from 1 on'
  if (!(Number.isInteger(hold.full) && hold.full >= 0)) yield 'hold: full is a whole number of stakes'
}

function* checkPick(sheet: SlotSheet): Generator<string> {
  const { pick } = sheet
  if (!pick) return
  if (!isCount(pick.from)) yield 'pick: from is a whole number from 1 on'
  if (pick.onLine && !(sheet.lines && pick.from <= reelsOf(sheet))) yield 'pick: onLine asks for lines at least as long'
  if ('boxes' in pick) {
    if (pick.onLine) yield 'pick: boxes are opened once in a round, so no line brings them'
    if (!pick.boxes.every((prize) => Number.isInteger(prize) && prize >= 0))
      yield 'pick: prizes are whole numbers of stakes'
    if (!pick.boxes.includes(0) || pick.boxes.every((prize) => prize === 0))
      yield 'pick: some boxes are empty, and some are not'
  } else {
    yield* checkWeights('pick: count', pick.count)
    yield* checkWeights('pick: prizes', pick.prizes)
    if (![...pick.count, ...pick.prizes].every(([value]) => isCount(value)))
      yield 'pick: counts and prizes are whole numbers from 1 on'
  }
}

function* checkGamble({ gamble }: SlotSheet): Generator<string> {
  if (gamble && !(isCount(gamble.stepsMax) && isCount(gamble.timesMax)))
    yield 'gamble: stepsMax and timesMax are whole numbers from 1 on'
}

function* checkWeights(where: string, weights: ReadonlyArray<Weighted<unknown>>): Generator<string> {
  if (weights.length === 0 || !weights.every(([, weight]) => isCount(weight)))
    yield `${where}: weights are whole numbers from 1 on`
}

function special({ scatter, hold, pick }: SlotSheet): string[] {
  return [scatter, hold?.symbol, pick?.symbol].filter((symbol) => symbol !== undefined)
}

function mostInView(sheet: SlotSheet, symbol: string): number {
  if (sheet.weights) return sheet.weights.filter((reel) => reel.some(([shown]) => shown === symbol)).length * sheet.rows
  // With cascades symbols that stay gather, up to all of a reel.
  return sheet.strips.reduce((sum, strip) => {
    const views = strip.map(
      (_, stop) =>
        Array.from({ length: sheet.rows }, (_, row) => strip[(stop + row) % strip.length]).filter(
          (shown) => shown === symbol,
        ).length,
    )
    return sum + (sheet.cascade ? (strip.includes(symbol) ? sheet.rows : 0) : Math.max(...views))
  }, 0)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}
