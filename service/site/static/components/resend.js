/* Has the mail sent again whose link confirms an address. */

import { html, useState } from "../lib.js";
import { post } from "../client.js";
import { t } from "../i18n.js";
import { errorTitle } from "./notice.js";

/** Ask for the address and show the button; a login by name does not tell the address. */
export function ResendForm() {
  const [email, setEmail] = useState("");
  return html`<div class="field">
    <label for="resend-email">${t("form.email")}</label>
    <input
      id="resend-email"
      class="input"
      type="email"
      autocomplete="email"
      value=${email}
      onInput=${(event) => setEmail(event.target.value.trim())}
    />
    ${email && html`<${ResendButton} email=${email} />`}
  </div>`;
}

/** Show the button, or what came of it. */
export function ResendButton({ email }) {
  const [state, setState] = useState({ isSent: false, error: null });
  const send = async () => {
    try {
      await post("/auth/verify-email/resend", { body: { email }, anonymous: true });
      setState({ isSent: true, error: null });
    } catch (error) {
      setState({ isSent: false, error });
    }
  };
  if (state.isSent) return html`<span role="status">${t("form.mail_sent")}</span>`;
  return html`<button type="button" class="button" onClick=${send}>${t("form.resend")}</button>
    ${state.error && html`<p class="field-error" role="alert">${errorTitle(state.error)}</p>`}`;
}
