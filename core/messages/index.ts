// Where they are reached, and what came back
export { addressChanged, type Bounce, bounceOf, messageOf, noteBounce, noteDelivered, tryAgain } from './address.ts'
// The languages we write
export { isLanguage, type Language, languages, preferredLanguage } from './language.ts'
// Telling people something
export { forget, leftOver, type News, note, sendQueue, standing, take, tell, timesToldToday } from './message.ts'
// What the outside is asked for
export type { Carrier, Contact, Directory, Fate, Letter } from './ports.ts'
// What a report of delivery says
export { type DeliveryReport, readReport } from './report.ts'
export { plain, type Rendered, render } from './template.ts'
export { type TemplateName, templateOf, templates } from './templates/catalogue.ts'
