// Erasing a closed account: what may go, what is kept, until when and why

export { agreedOn, type Decided, decided, erase, eraseDue, type Outlook, outlook } from './erasure.ts'
export { decidedAlready } from './errors.ts'
export { answerDue, type Kept } from './retention.ts'
