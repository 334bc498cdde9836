export default {
  "register.title": "Registrieren",
  "register.submit": "Konto anlegen",
  "register.username_hint": "3 bis 40 Buchstaben, Ziffern und _ - .",
  "register.has_account": "Schon registriert?",
  "register.login": "Anmelden"
};
