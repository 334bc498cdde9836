export default {
  "register.title": "Registrieren",
  "register.submit": "Konto anlegen",
  "register.username_hint": "3 bis 40 Buchstaben, Ziffern und _ - .",
  "register.invite": "Einladung",
  "register.pending": "Sehen Sie in Ihr Postfach",
  "register.pending_detail": "Eine E-Mail an {email} hat einen Link, der die Adresse bestätigt. Melden Sie sich danach an.",
  "register.resend": "Keine E-Mail?",
  "register.has_account": "Schon registriert?",
  "register.login": "Anmelden"
};
