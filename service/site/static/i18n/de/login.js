export default {
  "login.title": "Anmelden",
  "login.name": "Name oder E-Mail-Adresse",
  "login.submit": "Anmelden",
  "login.forgot": "Passwort vergessen?",
  "login.no_account": "Noch kein Konto?",
  "login.register": "Registrieren"
};
