/* The deletion of one's own account, and its restoration until it is erased. */

import { html, useState } from "../lib.js";
import { Dialog } from "../components/dialog.js";
import { Form, PasswordField, SubmitButton, useForm } from "../components/form.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { post, remove } from "../client.js";
import { formatDate } from "../format.js";
import { t } from "../i18n.js";
import { useAction } from "../loading.js";
import { endSession, erasure, user } from "../session.js";

/** Show the button that deletes the account, once the password is given. */
export function Deletion() {
  const [isAsking, setAsking] = useState(false);
  return html`<section class="card" aria-labelledby="account-deletion">
    <h2 id="account-deletion">${t("account.deletion")}</h2>
    <p class="muted">${t("account.deletion_detail")}</p>
    <div class="form-actions">
      <button type="button" class="button button-danger" onClick=${() => setAsking(true)}>
        ${t("account.delete")}
      </button>
    </div>
    ${isAsking && html`<${ConfirmDeletion} onClose=${() => setAsking(false)} />`}
  </section>`;
}

function ConfirmDeletion({ onClose }) {
  const form = useForm(async ({ password }) => {
    const { erase_at } = await post("/me/deletion", { body: { password } });
    erasure.set(erase_at); // the login, which is next, tells until when there is a way back
    endSession();
  });
  const actions = html`<${SubmitButton} form=${form} kind="danger">${t("account.delete")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  return html`<${Dialog} title=${t("account.deletion_title")} onClose=${onClose}>
    <p class="dialog-text">${t("account.deletion_warning")}</p>
    <${Form} form=${form} label=${t("account.deletion_title")} actions=${actions}>
      <${PasswordField}
        form=${form}
        name="password"
        label=${t("form.password")}
        required
        autocomplete="current-password"
      />
    <//>
  <//>`;
}

/** Show the only thing to do with an account that is to be erased, besides leaving it alone. */
export function Restoration({ account }) {
  const restore = useAction(async () => {
    await remove("/me/deletion");
    user.set({ ...account, erase_at: null });
  });
  return html`<section class="card" aria-labelledby="account-restoration">
    <h2 id="account-restoration">${t("account.restoration")}</h2>
    <${Notice} kind="warning">
      ${t("account.restoration_detail", { until: formatDate(account.erase_at, { time: true }) })}
    <//>
    ${restore.error && html`<${ErrorNotice} error=${restore.error} />`}
    <div class="form-actions">
      <button
        type="button"
        class="button button-primary"
        disabled=${restore.isBusy}
        onClick=${() => restore.run()}
      >
        ${t("account.restore")}
      </button>
    </div>
  </section>`;
}
