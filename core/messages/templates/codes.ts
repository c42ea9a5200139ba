import { email, sms } from '../template.ts'

/** Codes; those to a phone are short, so that one text message holds them. */
export const codes = {
  sign_in_code: email(['code', 'minutes'], {
    en: {
      subject: 'Your code to sign in',
      body: ({ code, minutes }) => [
        `your code is ${code}. It is good for ${minutes} minutes.`,
        'If you are not signing in, somebody else may know your password: please change it.',
      ],
    },
    de: {
      subject: 'Ihr Code zum Anmelden',
      body: ({ code, minutes }) => [
        `Ihr Code ist ${code}. Er gilt ${minutes} Minuten.`,
        'Wenn Sie sich gerade nicht anmelden, kennt vielleicht jemand Ihr Passwort: bitte ändern Sie es.',
      ],
    },
    es: {
      subject: 'Su código para iniciar sesión',
      body: ({ code, minutes }) => [
        `Su código es ${code}. Es válido durante ${minutes} minutos.`,
        'Si no está iniciando sesión, es posible que alguien conozca su contraseña: cámbiela.',
      ],
    },
    fr: {
      subject: 'Votre code de connexion',
      body: ({ code, minutes }) => [
        `votre code est ${code}. Il est valable ${minutes} minutes.`,
        'Si vous n’êtes pas en train de vous connecter, quelqu’un connaît peut-être votre mot de passe : changez-le.',
      ],
    },
  }),

  sms_code: sms(['code', 'minutes'], {
    en: ({ brand, code, minutes }) =>
      `${brand}: your code is ${code}. Good for ${minutes} min. Never give it to anybody.`,
    de: ({ brand, code, minutes }) => `${brand}: Ihr Code ist ${code}. Gilt ${minutes} Min. Geben Sie ihn niemandem.`,
    es: ({ brand, code, minutes }) => `${brand}: su código es ${code}. Válido ${minutes} min. No lo dé a nadie.`,
    fr: ({ brand, code, minutes }) =>
      `${brand} : votre code est ${code}. Valable ${minutes} min. Ne le donnez à personne.`,
  }),
} as const
