/* The accounts of the service: found, made, changed, deleted. */

import { html, useRef, useState } from "../lib.js";
import { Notice } from "../components/notice.js";
import { PagedRows, Row } from "../components/rows.js";
import { get } from "../client.js";
import { RelativeTime } from "../format.js";
import { loadMessages, t, tParts } from "../i18n.js";
import { usePages } from "../loading.js";
import { navigate, useSettled } from "../router.js";
import { user } from "../session.js";
import { Invites } from "./invites.js";
import { NewUserForm } from "./new-user.js";
import { ManageUser } from "./user-actions.js";

await loadMessages("accounts");

const ADDRESS = "/admin?tab=users";
const SHOWN_USERS = 20;
const STATES = ["active", "disabled", "unconfirmed", "deletion_requested"];

/** Show the accounts that the address asks for. */
export function UsersTab({ entry }) {
  const q = entry.params.get("q") ?? "";
  const group = entry.params.get("group") ?? "";
  const pages = usePages(loadUsers, { ...groupParams(group), q: q.trim(), limit: SHOWN_USERS });
  const [managed, setManaged] = useState(null);
  const [done, setDone] = useState(null);
  const [isMaking, setMaking] = useState(false);
  const heading = useRef(null);
  useSettled(pages.rows !== null || pages.error !== null);
  const finish = (message) => {
    setDone(message);
    setManaged(null);
    setMaking(false);
    heading.current.focus();
    pages.reload();
  };
  return html`<div class="admin-grid">
    <section class="card admin-list" aria-labelledby="users-title">
      <div class="card-head">
        <h2 id="users-title" ref=${heading} tabindex="-1">${t("admin.tab.users")}</h2>
        ${!isMaking &&
        html`<button type="button" class="button button-primary" onClick=${() => setMaking(true)}>
          ${t("accounts.new")}
        </button>`}
      </div>
      ${done && html`<${Notice} kind="good" title=${done} />`}
      ${isMaking && html`<${NewUserForm} onDone=${finish} onClose=${() => setMaking(false)} />`}
      <${Filters} q=${q} group=${group} />
      <${PagedRows} pages=${pages} label=${t("admin.tab.users")} none=${t("accounts.none")}>
        ${(account) =>
          html`<${UserRow} key=${account.id} account=${account} onManage=${setManaged} />`}
      <//>
    </section>
    <${Invites} />
    ${managed &&
    html`<${ManageUser} account=${managed} onDone=${finish} onClose=${() => setManaged(null)} />`}
  </div>`;
}

const loadUsers = (params, signal) => get("/admin/users", { params, signal });

/* One choice stands for the state, or for the admins among all accounts. */
function groupParams(group) {
  if (group === "admin") return { is_admin: true };
  return STATES.includes(group) ? { state: group } : {};
}

function Filters({ q, group }) {
  const search = (changes) => {
    const params = new URLSearchParams({ q, group, ...changes });
    for (const name of ["q", "group"]) if (!params.get(name)) params.delete(name);
    navigate(`${ADDRESS}${params.size ? `&${params}` : ""}`, { replace: true });
  };
  return html`<div class="admin-filters">
    <div class="field">
      <label for="user-query">${t("accounts.find")}</label>
      <input
        id="user-query"
        class="input"
        type="search"
        autocomplete="off"
        value=${q}
        onInput=${(event) => search({ q: event.target.value })}
      />
    </div>
    <div class="field">
      <label for="user-group">${t("accounts.group")}</label>
      <select
        id="user-group"
        class="input select"
        onChange=${(event) => search({ group: event.target.value })}
      >
        ${["", "admin", ...STATES].map(
          (name) => html`<option value=${name} selected=${name === group}>
            ${t(`accounts.group.${name || "all"}`)}
          </option>`,
        )}
      </select>
    </div>
  </div>`;
}

function UserRow({ account, onManage }) {
  const side = html`<button
    type="button"
    class="button button-small"
    aria-label=${t("accounts.manage_named", { name: account.username })}
    onClick=${() => onManage(account)}
  >
    ${t("accounts.manage")}
  </button>`;
  const seen = account.last_seen_at;
  return html`<${Row} title=${html`${account.username} <${Badges} account=${account} />`} side=${side}>
    <span class="muted">
      <bdi>${account.email ?? t("accounts.no_email")}</bdi>
      ${account.email && !account.email_confirmed && ` (${t("accounts.not_confirmed")})`}
      ${" · "}${tParts("accounts.created", { when: html`<${RelativeTime} value=${account.created_at} />` })}
      ${seen && html`${" · "}${tParts("accounts.seen", { when: html`<${RelativeTime} value=${seen} />` })}`}
    </span>
  <//>`;
}

function Badges({ account }) {
  return [
    account.is_admin && html`<span class="badge-state badge-admin">${t("accounts.admin")}</span>`,
    account.state !== "active" &&
      html`<span class="badge-state badge-failed">${t(`accounts.state.${account.state}`)}</span>`,
    account.id === user.get()?.id && html`<span class="badge-state">${t("accounts.you")}</span>`,
  ];
}
