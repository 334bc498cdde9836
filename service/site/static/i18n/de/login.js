export default {
  "login.title": "Anmelden",
  "login.name": "Name oder E-Mail-Adresse",
  "login.submit": "Anmelden",
  "login.forgot": "Passwort vergessen?",
  "login.no_account": "Noch kein Konto?",
  "login.register": "Registrieren",
  "login.deleted": "Ihr Konto ist gelöscht",
  "login.deleted_detail": "Endgültig ist das am {until}. Melden Sie sich vorher an, um es wiederherzustellen."
};
