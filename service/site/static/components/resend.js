/* Has the mail sent again whose link confirms an address. */

import { html, useState } from "../lib.js";
import { post } from "../client.js";
import { t } from "../i18n.js";
import { errorTitle } from "./notice.js";

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
