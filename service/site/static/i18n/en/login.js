export default {
  "login.title": "Log in",
  "login.name": "Name or e-mail address",
  "login.submit": "Log in",
  "login.forgot": "Forgot the password?",
  "login.no_account": "No account yet?",
  "login.register": "Register",
  "login.deleted": "Your account is deleted",
  "login.deleted_detail": "It is erased on {until}. Log in before that to restore it."
};
