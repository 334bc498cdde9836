export default {
  "register.title": "Register",
  "register.submit": "Create the account",
  "register.username_hint": "3 to 40 letters, digits, and _ - .",
  "register.invite": "Invite",
  "register.pending": "Look into your mail",
  "register.pending_detail": "A mail to {email} has a link that confirms the address. Then log in.",
  "register.resend": "No mail?",
  "register.has_account": "Already registered?",
  "register.login": "Log in"
};
