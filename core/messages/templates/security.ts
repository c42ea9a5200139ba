import type { Language } from '../language.ts'
import { email } from '../template.ts'

const kinds: Record<Language, Record<string, string>> = {
  en: { passkey: 'a passkey', totp: 'an authenticator app', sms: 'a phone number', recovery: 'recovery codes' },
  de: { passkey: 'ein Passkey', totp: 'eine Authenticator-App', sms: 'eine Telefonnummer', recovery: 'Ersatzcodes' },
  es: {
    passkey: 'una llave de acceso',
    totp: 'una aplicación de autenticación',
    sms: 'un número de teléfono',
    recovery: 'códigos de recuperación',
  },
  fr: {
    passkey: 'une clé d’accès',
    totp: 'une application d’authentification',
    sms: 'un numéro de téléphone',
    recovery: 'des codes de secours',
  },
}

const kindOf = (language: Language, kind: string) => kinds[language][kind] ?? kind

const notYou: Record<Language, string> = {
  en: 'If it was not you, change your password at once and write to our support.',
  de: 'Wenn Sie es nicht waren, ändern Sie sofort Ihr Passwort und schreiben Sie unserem Support.',
  es: 'Si no ha sido usted, cambie su contraseña de inmediato y escriba a nuestro servicio de atención.',
  fr: 'Si ce n’était pas vous, changez tout de suite votre mot de passe et écrivez à notre service client.',
}

/** About the ways to sign in, and who did. */
export const security = {
  factor_added: email(['kind'], {
    en: {
      subject: 'A way to sign in was added',
      body: ({ kind }) => [`new on your account: ${kindOf('en', kind)}.`, notYou.en],
    },
    de: {
      subject: 'Eine Anmeldemethode wurde hinzugefügt',
      body: ({ kind }) => [`neu in Ihrem Konto: ${kindOf('de', kind)}.`, notYou.de],
    },
    es: {
      subject: 'Se ha añadido una forma de iniciar sesión',
      body: ({ kind }) => [`Nuevo en su cuenta: ${kindOf('es', kind)}.`, notYou.es],
    },
    fr: {
      subject: 'Un moyen de connexion a été ajouté',
      body: ({ kind }) => [`nouveau sur votre compte : ${kindOf('fr', kind)}.`, notYou.fr],
    },
  }),

  factor_removed: email(['kind'], {
    en: {
      subject: 'A way to sign in was removed',
      body: ({ kind }) => [`no longer on your account: ${kindOf('en', kind)}.`, notYou.en],
    },
    de: {
      subject: 'Eine Anmeldemethode wurde entfernt',
      body: ({ kind }) => [`nicht mehr in Ihrem Konto: ${kindOf('de', kind)}.`, notYou.de],
    },
    es: {
      subject: 'Se ha eliminado una forma de iniciar sesión',
      body: ({ kind }) => [`Ya no está en su cuenta: ${kindOf('es', kind)}.`, notYou.es],
    },
    fr: {
      subject: 'Un moyen de connexion a été supprimé',
      body: ({ kind }) => [`n’est plus sur votre compte : ${kindOf('fr', kind)}.`, notYou.fr],
    },
  }),

  recovery_codes_made: email([], {
    en: {
      subject: 'You have new recovery codes',
      body: () => ['new recovery codes were made for your account. The old ones no longer work.', notYou.en],
    },
    de: {
      subject: 'Sie haben neue Ersatzcodes',
      body: () => ['für Ihr Konto wurden neue Ersatzcodes erstellt. Die alten gelten nicht mehr.', notYou.de],
    },
    es: {
      subject: 'Tiene nuevos códigos de recuperación',
      body: () => [
        'Se han creado nuevos códigos de recuperación para su cuenta. Los anteriores ya no sirven.',
        notYou.es,
      ],
    },
    fr: {
      subject: 'Vous avez de nouveaux codes de secours',
      body: () => [
        'de nouveaux codes de secours ont été créés pour votre compte. Les anciens ne servent plus.',
        notYou.fr,
      ],
    },
  }),

  recovery_code_used: email([], {
    en: {
      subject: 'A recovery code was used',
      body: () => [`somebody signed in to your account with a recovery code. It works no more.`, notYou.en],
    },
    de: {
      subject: 'Ein Ersatzcode wurde benutzt',
      body: () => [`jemand hat sich mit einem Ersatzcode in Ihrem Konto angemeldet. Er gilt nicht mehr.`, notYou.de],
    },
    es: {
      subject: 'Se ha usado un código de recuperación',
      body: () => [`Alguien ha iniciado sesión en su cuenta con un código de recuperación. Ya no sirve.`, notYou.es],
    },
    fr: {
      subject: 'Un code de secours a été utilisé',
      body: () => [`quelqu’un s’est connecté à votre compte avec un code de secours. Il ne sert plus.`, notYou.fr],
    },
  }),

  sign_in_new_device: email(['device', 'at'], {
    en: {
      subject: 'A sign-in from a new device',
      body: ({ device, at }) => [`your account was signed in to from a new device: ${device}, ${at}.`, notYou.en],
    },
    de: {
      subject: 'Anmeldung mit einem neuen Gerät',
      body: ({ device, at }) => [
        `in Ihrem Konto gab es eine Anmeldung mit einem neuen Gerät: ${device}, ${at}.`,
        notYou.de,
      ],
    },
    es: {
      subject: 'Inicio de sesión desde un dispositivo nuevo',
      body: ({ device, at }) => [
        `Se ha iniciado sesión en su cuenta desde un dispositivo nuevo: ${device}, ${at}.`,
        notYou.es,
      ],
    },
    fr: {
      subject: 'Connexion depuis un nouvel appareil',
      body: ({ device, at }) => [
        `une connexion à votre compte a eu lieu depuis un nouvel appareil : ${device}, ${at}.`,
        notYou.fr,
      ],
    },
  }),

  account_locked: email([], {
    en: {
      subject: 'Your account is locked for new devices',
      body: () => [
        'there were several failed sign-ins. A device that you have not used before can sign in to your account only with a second factor: a passkey, or a code besides the password.',
        'From a device that you have used before all is as always, unless it went wrong there. Whoever tried may know your e-mail address; if your password is used elsewhere too, change it.',
      ],
    },
    de: {
      subject: 'Ihr Konto ist für neue Geräte gesperrt',
      body: () => [
        'es gab mehrere fehlgeschlagene Anmeldungen. Ein Gerät, das Sie noch nicht benutzt haben, kann sich nur mit einem zweiten Faktor anmelden: mit einem Passkey oder mit einem Code neben dem Passwort.',
        'Mit einem Gerät, das Sie schon benutzt haben, geht es wie immer, außer wenn es dort schiefging. Wer es versucht hat, kennt vielleicht Ihre E-Mail-Adresse; wenn Sie Ihr Passwort auch anderswo benutzen, ändern Sie es.',
      ],
    },
    es: {
      subject: 'Su cuenta está bloqueada para dispositivos nuevos',
      body: () => [
        'Ha habido varios intentos fallidos. Un dispositivo que no haya usado antes solo puede iniciar sesión con un segundo factor: una llave de acceso, o un código además de la contraseña.',
        'Desde un dispositivo que ya haya usado todo sigue igual, salvo que el fallo fuera allí. Quien lo intentó quizá conozca su correo; si usa su contraseña en otros sitios, cámbiela.',
      ],
    },
    fr: {
      subject: 'Votre compte est bloqué pour les nouveaux appareils',
      body: () => [
        'plusieurs connexions ont échoué. Un appareil que vous n’avez jamais utilisé ne peut se connecter qu’avec un second facteur : une clé d’accès, ou un code en plus du mot de passe.',
        'Depuis un appareil que vous avez déjà utilisé, tout marche comme toujours, sauf si l’échec venait de là. Celui qui a essayé connaît peut-être votre adresse ; si votre mot de passe sert aussi ailleurs, changez-le.',
      ],
    },
  }),

  signed_out_everywhere: email([], {
    en: {
      subject: 'You were signed out everywhere',
      body: () => ['every sign-in of your account was ended.', notYou.en],
    },
    de: {
      subject: 'Sie wurden überall abgemeldet',
      body: () => ['alle Anmeldungen Ihres Kontos wurden beendet.', notYou.de],
    },
    es: {
      subject: 'Se han cerrado todas sus sesiones',
      body: () => ['Se han cerrado todas las sesiones de su cuenta.', notYou.es],
    },
    fr: {
      subject: 'Vous avez été déconnecté partout',
      body: () => ['toutes les connexions de votre compte ont été fermées.', notYou.fr],
    },
  }),
} as const
