import type { Language } from '../language.ts'
import { email } from '../template.ts'

const data: Record<Language, Record<string, string>> = {
  en: {
    contact: 'your e-mail address',
    credentials: 'what you signed in with',
    marketing: 'what you wanted to hear from us',
    identity: 'who you are',
    kyc: 'proofs of who you are',
    payment: 'what you paid with',
    audit: 'what our log says of you',
  },
  de: {
    contact: 'Ihre E-Mail-Adresse',
    credentials: 'womit Sie sich angemeldet haben',
    marketing: 'was Sie von uns hören wollten',
    identity: 'wer Sie sind',
    kyc: 'Nachweise, wer Sie sind',
    payment: 'womit Sie bezahlt haben',
    audit: 'was unser Protokoll über Sie sagt',
  },
  es: {
    contact: 'su dirección de correo',
    credentials: 'con qué iniciaba sesión',
    marketing: 'qué quería saber de nosotros',
    identity: 'quién es usted',
    kyc: 'las pruebas de quién es usted',
    payment: 'con qué pagaba',
    audit: 'lo que nuestro registro dice de usted',
  },
  fr: {
    contact: 'votre adresse',
    credentials: 'vos moyens de connexion',
    marketing: 'ce que vous vouliez recevoir de nous',
    identity: 'qui vous êtes',
    kyc: 'les preuves de qui vous êtes',
    payment: 'vos moyens de paiement',
    audit: 'ce que notre journal dit de vous',
  },
}

const until: Record<Language, string> = { en: 'until', de: 'bis', es: 'hasta el', fr: 'jusqu’au' }

/** `identity 2031-11-27, payment 2031-11-27` in words. */
function keptOf(language: Language, kept: string): string {
  const inWords = (_: string, purpose: string, day: string) =>
    `${data[language][purpose] ?? purpose} ${until[language]} ${day}`
  return kept.replaceAll(/(\w+) (\d{4}-\d\d-\d\d)/g, inWords)
}

/** About the end of an account. */
export const closing = {
  account_closed: email([], {
    en: {
      subject: 'Your account is closed',
      body: () => [
        'your account is closed. Nobody can sign in to it any more, and there is no money in it.',
        'If this is not what you wanted, write to our support.',
      ],
    },
    de: {
      subject: 'Ihr Konto ist geschlossen',
      body: () => [
        'Ihr Konto ist geschlossen. Niemand kann sich mehr daran anmelden, und es ist kein Geld mehr darauf.',
        'Wenn Sie das nicht wollten, schreiben Sie unserem Support.',
      ],
    },
    es: {
      subject: 'Su cuenta está cerrada',
      body: () => [
        'Su cuenta está cerrada. Ya nadie puede iniciar sesión en ella y no queda dinero en ella.',
        'Si no es lo que quería, escriba a nuestro servicio de atención.',
      ],
    },
    fr: {
      subject: 'Votre compte est fermé',
      body: () => [
        'votre compte est fermé. Personne ne peut plus s’y connecter et il ne contient plus d’argent.',
        'Si ce n’est pas ce que vous vouliez, écrivez à notre service client.',
      ],
    },
  }),

  erasure_decided: email(['kept'], {
    en: {
      subject: 'Your data are erased',
      body: ({ kept }) => [
        'you asked us to erase what we keep of you. What may go is gone, and your e-mail address goes within days of this message.',
        kept
          ? `The law on money laundering and on gambling has us keep this: ${keptOf('en', kept)}. It is erased then by itself.`
          : 'Nothing is kept.',
        'You may complain to the authority for data protection where you live.',
      ],
    },
    de: {
      subject: 'Ihre Daten sind gelöscht',
      body: ({ kept }) => [
        'Sie haben um Löschung Ihrer Daten gebeten. Was gelöscht werden darf, ist gelöscht; Ihre E-Mail-Adresse folgt wenige Tage nach dieser Nachricht.',
        kept
          ? `Nach den Gesetzen über Geldwäsche und Glücksspiel müssen wir dies aufbewahren: ${keptOf('de', kept)}. Danach wird es von selbst gelöscht.`
          : 'Nichts wird aufbewahrt.',
        'Sie können sich bei der Datenschutzbehörde Ihres Wohnorts beschweren.',
      ],
    },
    es: {
      subject: 'Sus datos están borrados',
      body: ({ kept }) => [
        'Nos pidió que borráramos sus datos. Lo que puede borrarse está borrado, y su dirección de correo se borra pocos días después de este mensaje.',
        kept
          ? `Las leyes sobre blanqueo de capitales y sobre el juego nos obligan a guardar esto: ${keptOf('es', kept)}. Después se borra por sí solo.`
          : 'No se guarda nada.',
        'Puede reclamar ante la autoridad de protección de datos de su lugar de residencia.',
      ],
    },
    fr: {
      subject: 'Vos données sont effacées',
      body: ({ kept }) => [
        'vous nous avez demandé d’effacer vos données. Ce qui peut l’être est effacé, et votre adresse l’est quelques jours après ce message.',
        kept
          ? `Les lois sur le blanchiment et sur les jeux nous obligent à garder ceci : ${keptOf('fr', kept)}. C’est ensuite effacé de soi-même.`
          : 'Rien n’est gardé.',
        'Vous pouvez vous plaindre auprès de l’autorité de protection des données de votre lieu de résidence.',
      ],
    },
  }),
} as const
