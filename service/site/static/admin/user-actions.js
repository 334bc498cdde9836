/* What an admin can do about one account. */

import { html, useState } from "../lib.js";
import { Dialog } from "../components/dialog.js";
import { ErrorNotice } from "../components/notice.js";
import { Row, Rows } from "../components/rows.js";
import { patch, remove } from "../client.js";
import { t } from "../i18n.js";
import { useAction } from "../loading.js";
import { user } from "../session.js";

/** Show the actions in a dialog; `onDone` is told what was done. */
export function ManageUser({ account, onDone, onClose }) {
  const [isDeleting, setDeleting] = useState(false);
  const name = account.username;
  const change = useAction(async (action, body) => {
    await patch(`/admin/users/${account.id}`, { body });
    if (account.id === user.get()?.id) location.reload(); // the session has ended
    onDone(t(`accounts.done.${action}`, { name }));
  });
  const deletion = useAction(async () => {
    await remove(`/admin/users/${account.id}`);
    if (account.id === user.get()?.id) location.reload();
    onDone(t("accounts.done.delete", { name }));
  });
  const error = change.error ?? deletion.error;
  const isBusy = change.isBusy || deletion.isBusy;
  if (isDeleting) {
    const foot = html`<button type="button" class="button" onClick=${() => setDeleting(false)}>
        ${t("dialog.cancel")}
      </button>
      <button
        type="button"
        class="button button-danger"
        disabled=${isBusy}
        onClick=${() => deletion.run()}
      >
        ${t("accounts.action.delete")}
      </button>`;
    return html`<${Dialog} key="delete" title=${t("accounts.delete_title")} onClose=${onClose} foot=${foot}>
      <p><strong dir="auto">${name}</strong> ${account.email && html`<bdi class="muted">${account.email}</bdi>`}</p>
      <p>${t("accounts.delete_detail")}</p>
      ${error && html`<${ErrorNotice} error=${error} />`}
    <//>`;
  }
  return html`<${Dialog} key="manage" title=${name} onClose=${onClose}>
    ${error && html`<${ErrorNotice} error=${error} />`}
    <${Rows} label=${t("accounts.manage")}>
      ${listActions(account).map(
        ([action, body]) => html`<${Row}
          key=${action}
          title=${t(`accounts.action.${action}`)}
          side=${html`<button
            type="button"
            class=${`button button-small ${action === "delete" ? "button-danger" : ""}`}
            aria-label=${t(`accounts.action.${action}`)}
            disabled=${isBusy}
            onClick=${() => (body ? change.run(action, body) : setDeleting(true))}
          >
            ${t(`accounts.button.${action}`)}
          </button>`}
        >
          <span class="muted">${t(`accounts.hint.${action}`)}</span>
        <//>`,
      )}
    <//>
  <//>`;
}

/* Each action with what is sent; the deletion is asked for once more. */
function listActions(account) {
  return [
    account.is_admin ? ["demote", { is_admin: false }] : ["promote", { is_admin: true }],
    ["log_out", { end_sessions: true }],
    account.disabled_at ? ["enable", { is_disabled: false }] : ["disable", { is_disabled: true }],
    ["delete", null],
  ];
}
