/* The mails that wait, were sent lately, or were given up. */

import { html } from "../lib.js";
import { ErrorNotice } from "../components/notice.js";
import { PagedRows, Row } from "../components/rows.js";
import { get, post } from "../client.js";
import { RelativeTime } from "../format.js";
import { hasMessage, loadMessages, t, tParts } from "../i18n.js";
import { useAction, usePages } from "../loading.js";
import { navigate, useSettled } from "../router.js";

await loadMessages("accounts");

const ADDRESS = "/admin?tab=mails";
const SHOWN_MAILS = 20;
const STATES = ["given_up", "retrying", "waiting", "sending", "sent"];
const RETRIED_STATES = ["given_up", "retrying"];

/** Show the mails in the state that the address asks for. */
export function MailsTab({ entry }) {
  const state = STATES.includes(entry.params.get("state")) ? entry.params.get("state") : "";
  const pages = usePages(loadMails, { state, limit: SHOWN_MAILS });
  const retry = useAction(async (mail) => {
    await retryMail(mail);
    pages.reload();
  });
  useSettled(pages.rows !== null || pages.error !== null);
  const choose = (name) => navigate(name ? `${ADDRESS}&state=${name}` : ADDRESS, { replace: true });
  return html`<section class="card admin-list" aria-labelledby="mails-title">
    <h2 id="mails-title">${t("admin.tab.mails")}</h2>
    <p class="muted">${t("accounts.mails_detail")}</p>
    <div class="admin-filters">
      <div class="field">
        <label for="mail-state">${t("accounts.mail_state")}</label>
        <select
          id="mail-state"
          class="input select"
          onChange=${(event) => choose(event.target.value)}
        >
          ${["", ...STATES].map(
            (name) => html`<option value=${name} selected=${name === state}>
              ${t(`accounts.mail.${name || "all"}`)}
            </option>`,
          )}
        </select>
      </div>
      <button type="button" class="button" onClick=${pages.reload}>${t("accounts.refresh")}</button>
    </div>
    ${retry.error && html`<${ErrorNotice} error=${retry.error} />`}
    <${PagedRows} pages=${pages} label=${t("admin.tab.mails")} none=${t("accounts.no_mails")}>
      ${(mail) => html`<${MailRow} key=${mail.id} mail=${mail} retry=${retry} />`}
    <//>
  </section>`;
}

const loadMails = (params, signal) => get("/admin/mail", { params, signal });

function MailRow({ mail, retry }) {
  const kind = mail.state === "given_up" ? "failed" : mail.state === "sent" ? "done" : "waiting";
  const badge = html`<span class=${`badge-state badge-${kind}`}>${t(`accounts.mail.${mail.state}`)}</span>`;
  const button =
    RETRIED_STATES.includes(mail.state) &&
    html`<button
      type="button"
      class="button button-small"
      aria-label=${t("accounts.retry_mail", { recipient: mail.recipient })}
      disabled=${retry.isBusy}
      onClick=${() => retry.run(mail)}
    >
      ${t("error.retry")}
    </button>`;
  return html`<${Row}
    title=${html`<bdi>${mail.recipient}</bdi> ${badge}`}
    side=${button}
  >
    <span class="muted">
      ${kindName(mail.kind)} · <${RelativeTime} value=${mail.created_at} />
      ${mail.attempts > 1 && ` · ${t("accounts.attempts", { n: mail.attempts })}`}
      ${mail.due_at && html`${" · "}${tParts("accounts.due", { when: html`<${RelativeTime} value=${mail.due_at} />` })}`}
    </span>
    ${mail.reason && html`<span class="row-reason">${mail.reason}</span>`}
  <//>`;
}

function kindName(kind) {
  const key = `accounts.mail_kind.${kind}`;
  return hasMessage(key) ? t(key) : kind;
}

/* A mail that was sent meanwhile is no error. */
async function retryMail({ id }) {
  try {
    await post(`/admin/mail/${id}/retry`);
  } catch (error) {
    if (error.code !== "mail_sent" && error.status !== 404) throw error;
  }
}
