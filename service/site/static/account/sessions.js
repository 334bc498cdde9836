/* Where one is logged in; each session is ended by itself, or all at once. */

import { html, useRef, useState } from "../lib.js";
import { ConfirmDialog } from "../components/dialog.js";
import { announce } from "../components/live-region.js";
import { ErrorNotice } from "../components/notice.js";
import { Row, Rows } from "../components/rows.js";
import { Skeleton, useDelayed } from "../components/skeleton.js";
import { get, remove } from "../client.js";
import { RelativeTime } from "../format.js";
import { t, tParts } from "../i18n.js";
import { useAction, useLoaded } from "../loading.js";
import { navigate } from "../router.js";
import { logoutEverywhere } from "../session.js";
import { clientName } from "./client-name.js";

const SHOWN_SESSIONS = 5;

/** Show the sessions, the one of this browser first. */
export function Sessions() {
  const { data, error, reload } = useLoaded((signal) => get("/me/sessions", { signal }));
  const [isExpanded, setExpanded] = useState(false);
  const isLate = useDelayed(!data && !error);
  const heading = useRef(null);
  const end = useAction(async (session) => {
    await endSession(session);
    announce(t("account.session_ended", { client: clientName(session.client) }), "sessions");
    heading.current.focus();
    reload();
  });
  const sessions = [...(data?.results ?? [])].sort((a, b) => b.is_current - a.is_current);
  const shown = isExpanded ? sessions : sessions.slice(0, SHOWN_SESSIONS);
  return html`<section class="card" aria-labelledby="account-sessions">
    <h2 id="account-sessions" ref=${heading} tabindex="-1">${t("account.sessions")}</h2>
    <p class="muted">${t("account.sessions_detail")}</p>
    ${error && html`<${ErrorNotice} error=${error} onRetry=${reload} />`}
    ${end.error && html`<${ErrorNotice} error=${end.error} />`}
    ${!data && isLate && html`<${Skeleton} height="64px" />`}
    ${data &&
    html`<${Rows} label=${t("account.sessions")}>
      ${shown.map(
        (session) => html`<${SessionRow} key=${session.id} session=${session} end=${end} />`,
      )}
    <//>`}
    ${sessions.length > shown.length &&
    html`<button type="button" class="link-button" onClick=${() => setExpanded(true)}>
      ${t("account.all_sessions", { n: sessions.length })}
    </button>`}
    <${LeaveEverywhere} />
  </section>`;
}

function SessionRow({ session, end }) {
  const name = clientName(session.client);
  const side = session.is_current
    ? html`<span class="badge-state badge-done">${t("account.this_browser")}</span>`
    : html`<button
        type="button"
        class="button button-small"
        aria-label=${t("account.end_session_of", { client: name })}
        disabled=${end.isBusy}
        onClick=${() => end.run(session)}
      >
        ${t("account.end_session")}
      </button>`;
  return html`<${Row} title=${name} side=${side}>
    <span class="muted" title=${session.client}>
      ${session.address && html`<bdi>${session.address}</bdi> · `}
      ${tParts("account.last_seen", { when: html`<${RelativeTime} value=${session.last_seen_at} />` })}
      ${" · "}${tParts("account.began", { when: html`<${RelativeTime} value=${session.created_at} />` })}
    </span>
  <//>`;
}

/* A session that has ended meanwhile is no error. */
async function endSession({ id }) {
  try {
    await remove(`/me/sessions/${id}`);
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

function LeaveEverywhere() {
  const [isAsking, setAsking] = useState(false);
  const leave = useAction(async () => {
    setAsking(false);
    await logoutEverywhere();
    navigate("/");
  });
  return html`${leave.error && html`<${ErrorNotice} error=${leave.error} />`}
    <div class="form-actions">
      <button type="button" class="button button-danger" onClick=${() => setAsking(true)}>
        ${t("account.logout_everywhere")}
      </button>
    </div>
    ${isAsking &&
    html`<${ConfirmDialog}
      title=${t("account.logout_everywhere")}
      confirm=${t("account.logout_everywhere")}
      isBusy=${leave.isBusy}
      onConfirm=${() => leave.run()}
      onClose=${() => setAsking(false)}
    >
      <p>${t("account.logout_everywhere_detail")}</p>
    <//>`}`;
}
