export default {
  "account.title": "Account",
  "account.no_email": "No e-mail address",
  "account.since": "since",
  "account.admin": "Admin",
  "account.password": "Password",
  "account.password_detail": "A new password ends your sessions on all other devices.",
  "account.current_password": "Present password",
  "account.change_password": "Change the password",
  "account.password_changed": "The password is changed",
  "account.sessions": "Sessions",
  "account.sessions_detail": "You stay logged in in this browser until you log out, or for 30 days without a visit.",
  "account.logout": "Log out",
  "account.logout_everywhere": "Log out everywhere",
  "account.logout_everywhere_detail": "This ends all your sessions, in this browser and on all other devices."
};
