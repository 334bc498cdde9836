export default {
  "register.title": "Register",
  "register.submit": "Create the account",
  "register.username_hint": "3 to 40 letters, digits, and _ - .",
  "register.has_account": "Already registered?",
  "register.login": "Log in"
};
