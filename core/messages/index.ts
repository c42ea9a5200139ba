// Where they are reached, and what came back
export { addressChanged, type Bounce, bounceOf, noteBounce, tryAgain } from './address.ts'
// Which ways there are to reach people
export { type Channel, isCarried, provideCarriers } from './channel.ts'
export { carrierUnknown, receiptMalformed, receiptNotAuthentic } from './errors.ts'
// The languages we write
export { isLanguage, type Language, languages, preferredLanguage } from './language.ts'
// Telling people something
export {
  forget,
  leftOver,
  type News,
  note,
  sendQueue,
  standing,
  take,
  tell,
  timesToldToday,
  toldTo,
} from './message.ts'
// What the outside is asked for
export type { Carrier, Contact, Directory, Fate, Letter } from './ports.ts'
// What a carrier says later, and what a report of delivery says
export { noteReceipt, type Receipt } from './receipt.ts'
export { type DeliveryReport, readReport } from './report.ts'
export { plain, type Rendered, render } from './template.ts'
export { type TemplateName, templateOf, templates } from './templates/catalogue.ts'
