export default {
  "login.title": "Log in",
  "login.name": "Name or e-mail address",
  "login.submit": "Log in",
  "login.forgot": "Forgot the password?",
  "login.no_account": "No account yet?",
  "login.register": "Register"
};
