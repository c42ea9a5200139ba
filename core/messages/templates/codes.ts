import { sms } from '../template.ts'

/** Codes to a phone: short, so that one text message holds them. */
export const codes = {
  sms_code: sms(['code', 'minutes'], {
    en: ({ brand, code, minutes }) =>
      `${brand}: your code is ${code}. Good for ${minutes} min. Never give it to anybody.`,
    de: ({ brand, code, minutes }) => `${brand}: Ihr Code ist ${code}. Gilt ${minutes} Min. Geben Sie ihn niemandem.`,
    es: ({ brand, code, minutes }) => `${brand}: su código es ${code}. Válido ${minutes} min. No lo dé a nadie.`,
    fr: ({ brand, code, minutes }) =>
      `${brand} : votre code est ${code}. Valable ${minutes} min. Ne le donnez à personne.`,
  }),
} as const
