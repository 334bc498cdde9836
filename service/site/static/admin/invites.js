/* Invites: a link with which one person may register. */

import { html, useRef, useState } from "../lib.js";
import { ErrorNotice } from "../components/notice.js";
import { ShownSecret } from "../components/shown-secret.js";
import { post } from "../client.js";
import { formatDate } from "../format.js";
import { t } from "../i18n.js";
import { useAction } from "../loading.js";

const LIFETIMES = [1, 7, 30]; // days
const DEFAULT_LIFETIME = 7;

/** Show the button that makes an invite, and the link, which is told only once. */
export function Invites() {
  const [invite, setInvite] = useState(null);
  const [days, setDays] = useState(DEFAULT_LIFETIME);
  const button = useRef(null);
  const make = useAction(async () => setInvite(await post("/admin/invites", { body: { days } })));
  const close = () => {
    setInvite(null);
    button.current.focus();
  };
  return html`<section class="card admin-list" aria-labelledby="invites-title">
    <h2 id="invites-title">${t("accounts.invites")}</h2>
    <p class="muted">${t("accounts.invites_detail")}</p>
    ${make.error && html`<${ErrorNotice} error=${make.error} />`}
    ${invite &&
    html`<${ShownSecret}
      title=${t("accounts.invite_made")}
      detail=${t("accounts.invite_made_detail", { until: formatDate(invite.expires_at, { time: true }) })}
      label=${t("accounts.invite_link")}
      copyLabel=${t("accounts.copy_invite")}
      value=${`${location.origin}/register?invite=${encodeURIComponent(invite.code)}`}
      onClose=${close}
    />`}
    <div class="admin-filters">
      <div class="field">
        <label for="invite-days">${t("accounts.invite_days")}</label>
        <select
          id="invite-days"
          class="input select"
          onChange=${(event) => setDays(Number(event.target.value))}
        >
          ${LIFETIMES.map(
            (count) => html`<option value=${count} selected=${count === days}>
              ${t("accounts.days", { n: count })}
            </option>`,
          )}
        </select>
      </div>
      <button
        type="button"
        class="button"
        ref=${button}
        disabled=${make.isBusy}
        onClick=${() => make.run()}
      >
        ${t("accounts.make_invite")}
      </button>
    </div>
  </section>`;
}
