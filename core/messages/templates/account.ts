import { email, unprovenEmail } from '../template.ts'

/** About the address and the password. */
export const account = {
  confirm_email: unprovenEmail(['code', 'minutes'], {
    en: {
      subject: 'Your confirmation code',
      body: ({ code, minutes }) => [
        `your code is ${code}. It is good for ${minutes} minutes.`,
        'If you did not register, you need not do anything.',
      ],
    },
    de: {
      subject: 'Ihr Bestätigungscode',
      body: ({ code, minutes }) => [
        `Ihr Code lautet ${code}. Er gilt ${minutes} Minuten.`,
        'Wenn Sie sich nicht registriert haben, müssen Sie nichts tun.',
      ],
    },
    es: {
      subject: 'Su código de confirmación',
      body: ({ code, minutes }) => [
        `Su código es ${code}. Es válido durante ${minutes} minutos.`,
        'Si no se ha registrado, no tiene que hacer nada.',
      ],
    },
    fr: {
      subject: 'Votre code de confirmation',
      body: ({ code, minutes }) => [
        `votre code est ${code}. Il est valable ${minutes} minutes.`,
        'Si vous ne vous êtes pas inscrit, vous n’avez rien à faire.',
      ],
    },
  }),

  already_registered: email([], {
    en: {
      subject: 'You have an account already',
      body: () => [
        'somebody, probably you, tried to register with this address. You have an account already: just sign in.',
        'If it was not you, you need not do anything.',
      ],
    },
    de: {
      subject: 'Sie haben bereits ein Konto',
      body: () => [
        'jemand, wahrscheinlich Sie, wollte sich mit dieser Adresse registrieren. Sie haben bereits ein Konto: Melden Sie sich einfach an.',
        'Wenn Sie es nicht waren, müssen Sie nichts tun.',
      ],
    },
    es: {
      subject: 'Ya tiene una cuenta',
      body: () => [
        'Alguien, probablemente usted, ha intentado registrarse con esta dirección. Ya tiene una cuenta: simplemente inicie sesión.',
        'Si no ha sido usted, no tiene que hacer nada.',
      ],
    },
    fr: {
      subject: 'Vous avez déjà un compte',
      body: () => [
        'quelqu’un, sans doute vous, a voulu s’inscrire avec cette adresse. Vous avez déjà un compte : il suffit de vous connecter.',
        'Si ce n’était pas vous, vous n’avez rien à faire.',
      ],
    },
  }),

  reset_password: email(['code', 'minutes'], {
    en: {
      subject: 'Set a new password',
      body: ({ code, minutes }) => [
        `somebody, probably you, wants to set a new password for your account. The code is ${code}. It is good for ${minutes} minutes.`,
        'If it was not you, do not give the code to anybody. Your password stays as it is.',
      ],
    },
    de: {
      subject: 'Neues Passwort festlegen',
      body: ({ code, minutes }) => [
        `jemand, wahrscheinlich Sie, möchte ein neues Passwort für Ihr Konto festlegen. Der Code lautet ${code}. Er gilt ${minutes} Minuten.`,
        'Wenn Sie es nicht waren, geben Sie den Code niemandem. Ihr Passwort bleibt, wie es ist.',
      ],
    },
    es: {
      subject: 'Establecer una nueva contraseña',
      body: ({ code, minutes }) => [
        `Alguien, probablemente usted, quiere establecer una nueva contraseña para su cuenta. El código es ${code}. Es válido durante ${minutes} minutos.`,
        'Si no ha sido usted, no dé el código a nadie. Su contraseña no cambia.',
      ],
    },
    fr: {
      subject: 'Définir un nouveau mot de passe',
      body: ({ code, minutes }) => [
        `quelqu’un, sans doute vous, veut définir un nouveau mot de passe pour votre compte. Le code est ${code}. Il est valable ${minutes} minutes.`,
        'Si ce n’était pas vous, ne donnez ce code à personne. Votre mot de passe reste inchangé.',
      ],
    },
  }),

  password_changed: email([], {
    en: {
      subject: 'Your password was changed',
      body: () => [
        'the password of your account was changed just now, and every other sign-in was ended.',
        'If it was not you, set a new password at once by “Forgotten your password?” and write to our support.',
      ],
    },
    de: {
      subject: 'Ihr Passwort wurde geändert',
      body: () => [
        'das Passwort Ihres Kontos wurde soeben geändert, und jede andere Anmeldung wurde beendet.',
        'Wenn Sie es nicht waren, legen Sie sofort über „Passwort vergessen?“ ein neues Passwort fest und schreiben Sie unserem Support.',
      ],
    },
    es: {
      subject: 'Su contraseña ha cambiado',
      body: () => [
        'La contraseña de su cuenta acaba de cambiarse y todas las demás sesiones se han cerrado.',
        'Si no ha sido usted, establezca una nueva contraseña de inmediato mediante «¿Ha olvidado su contraseña?» y escriba a nuestro servicio de atención.',
      ],
    },
    fr: {
      subject: 'Votre mot de passe a été modifié',
      body: () => [
        'le mot de passe de votre compte vient d’être modifié et toutes les autres connexions ont été fermées.',
        'Si ce n’était pas vous, définissez tout de suite un nouveau mot de passe par « Mot de passe oublié ? » et écrivez à notre service client.',
      ],
    },
  }),

  email_change: unprovenEmail(['code', 'minutes'], {
    en: {
      subject: 'Confirm your new e-mail address',
      body: ({ code, minutes }) => [
        `your code is ${code}. With it this address becomes the one of your account. It is good for ${minutes} minutes.`,
        'If you did not ask for this, you need not do anything.',
      ],
    },
    de: {
      subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
      body: ({ code, minutes }) => [
        `Ihr Code lautet ${code}. Mit ihm wird diese Adresse die Ihres Kontos. Er gilt ${minutes} Minuten.`,
        'Wenn Sie das nicht wollten, müssen Sie nichts tun.',
      ],
    },
    es: {
      subject: 'Confirme su nueva dirección de correo',
      body: ({ code, minutes }) => [
        `Su código es ${code}. Con él, esta dirección será la de su cuenta. Es válido durante ${minutes} minutos.`,
        'Si no lo ha pedido, no tiene que hacer nada.',
      ],
    },
    fr: {
      subject: 'Confirmez votre nouvelle adresse',
      body: ({ code, minutes }) => [
        `votre code est ${code}. Il fait de cette adresse celle de votre compte. Il est valable ${minutes} minutes.`,
        'Si vous n’avez rien demandé, vous n’avez rien à faire.',
      ],
    },
  }),

  email_change_asked: email([], {
    en: {
      subject: 'Somebody is changing your e-mail address',
      body: () => [
        'somebody, probably you, asked for another e-mail address for your account. It changes when the new address is confirmed.',
        'If it was not you, change your password at once and write to our support.',
      ],
    },
    de: {
      subject: 'Ihre E-Mail-Adresse soll geändert werden',
      body: () => [
        'jemand, wahrscheinlich Sie, möchte eine andere E-Mail-Adresse für Ihr Konto. Sie ändert sich, sobald die neue bestätigt ist.',
        'Wenn Sie es nicht waren, ändern Sie sofort Ihr Passwort und schreiben Sie unserem Support.',
      ],
    },
    es: {
      subject: 'Se ha pedido cambiar su dirección de correo',
      body: () => [
        'Alguien, probablemente usted, ha pedido otra dirección de correo para su cuenta. Cambiará cuando se confirme la nueva.',
        'Si no ha sido usted, cambie su contraseña de inmediato y escriba a nuestro servicio de atención.',
      ],
    },
    fr: {
      subject: 'Votre adresse va être modifiée',
      body: () => [
        'quelqu’un, sans doute vous, a demandé une autre adresse pour votre compte. Elle changera dès que la nouvelle sera confirmée.',
        'Si ce n’était pas vous, changez tout de suite votre mot de passe et écrivez à notre service client.',
      ],
    },
  }),

  email_changed: email([], {
    en: {
      subject: 'Your e-mail address was changed',
      body: () => [
        'your account has another e-mail address from now on. This is the last message to this one.',
        'If it was not you, write to our support at once.',
      ],
    },
    de: {
      subject: 'Ihre E-Mail-Adresse wurde geändert',
      body: () => [
        'Ihr Konto hat ab jetzt eine andere E-Mail-Adresse. Dies ist die letzte Nachricht an diese.',
        'Wenn Sie es nicht waren, schreiben Sie sofort unserem Support.',
      ],
    },
    es: {
      subject: 'Su dirección de correo ha cambiado',
      body: () => [
        'Su cuenta tiene otra dirección de correo a partir de ahora. Este es el último mensaje a esta.',
        'Si no ha sido usted, escriba de inmediato a nuestro servicio de atención.',
      ],
    },
    fr: {
      subject: 'Votre adresse a été modifiée',
      body: () => [
        'votre compte a désormais une autre adresse. Ceci est le dernier message à celle-ci.',
        'Si ce n’était pas vous, écrivez tout de suite à notre service client.',
      ],
    },
  }),

  residence_changed: email([], {
    en: {
      subject: 'Your place of residence was changed',
      body: () => [
        'your account has another place of residence from now on.',
        'If it was not you, change your password at once and write to our support.',
      ],
    },
    de: {
      subject: 'Ihr Wohnort wurde geändert',
      body: () => [
        'in Ihrem Konto steht ab jetzt ein anderer Wohnort.',
        'Wenn Sie es nicht waren, ändern Sie sofort Ihr Passwort und schreiben Sie unserem Support.',
      ],
    },
    es: {
      subject: 'Su domicilio ha cambiado',
      body: () => [
        'Su cuenta tiene otro domicilio a partir de ahora.',
        'Si no ha sido usted, cambie su contraseña de inmediato y escriba a nuestro servicio de atención.',
      ],
    },
    fr: {
      subject: 'Votre domicile a été modifié',
      body: () => [
        'votre compte indique désormais un autre domicile.',
        'Si ce n’était pas vous, changez tout de suite votre mot de passe et écrivez à notre service client.',
      ],
    },
  }),

  erasure_asked: email([], {
    en: {
      subject: 'You asked us to erase your data',
      body: () => [
        'we answer within a month. What the law has us keep, about payments and play, is kept until its time is over; the rest goes.',
        'If it was not you, change your password at once and write to our support.',
      ],
    },
    de: {
      subject: 'Sie haben um Löschung Ihrer Daten gebeten',
      body: () => [
        'wir antworten innerhalb eines Monats. Was wir nach dem Gesetz über Zahlungen und Spiele aufbewahren müssen, bleibt bis zum Ende der Frist; der Rest wird gelöscht.',
        'Wenn Sie es nicht waren, ändern Sie sofort Ihr Passwort und schreiben Sie unserem Support.',
      ],
    },
    es: {
      subject: 'Ha pedido que borremos sus datos',
      body: () => [
        'Respondemos en el plazo de un mes. Lo que la ley nos obliga a guardar sobre pagos y juego se guarda hasta que venza el plazo; lo demás se borra.',
        'Si no ha sido usted, cambie su contraseña de inmediato y escriba a nuestro servicio de atención.',
      ],
    },
    fr: {
      subject: 'Vous avez demandé l’effacement de vos données',
      body: () => [
        'nous répondons dans un délai d’un mois. Ce que la loi nous oblige à garder, sur les paiements et le jeu, est gardé jusqu’à la fin du délai ; le reste est effacé.',
        'Si ce n’était pas vous, changez tout de suite votre mot de passe et écrivez à notre service client.',
      ],
    },
  }),
} as const
