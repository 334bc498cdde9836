/* The plain forms that links in mails lead to: the token follows `#`, which no server sees. */

const field = document.querySelector("[data-token]");
const token = new URLSearchParams(location.hash.slice(1)).get("token");

if (field && token) {
  field.querySelector("input").value = token;
  field.hidden = true;
  // The address would stay in the history, and on the screen.
  history.replaceState(null, "", location.pathname);
}
