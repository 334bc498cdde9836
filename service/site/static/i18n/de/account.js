export default {
  "account.title": "Konto",
  "account.no_email": "Keine E-Mail-Adresse",
  "account.since": "seit",
  "account.admin": "Admin",
  "account.password": "Passwort",
  "account.password_detail": "Ein neues Passwort beendet die Sitzungen auf allen anderen Geräten.",
  "account.current_password": "Bisheriges Passwort",
  "account.change_password": "Passwort ändern",
  "account.password_changed": "Das Passwort ist geändert",
  "account.sessions": "Sitzungen",
  "account.sessions_detail": "In diesem Browser bleiben Sie angemeldet, bis Sie sich abmelden oder 30 Tage lang nicht hier waren.",
  "account.logout": "Abmelden",
  "account.logout_everywhere": "Überall abmelden",
  "account.logout_everywhere_detail": "Das beendet alle Sitzungen, in diesem Browser und auf allen anderen Geräten."
};
