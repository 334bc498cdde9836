/* Who changed what, when and from where, and what happened that matters to security. */

import { html } from "../lib.js";
import { PagedRows, Row } from "../components/rows.js";
import { get } from "../client.js";
import { RelativeTime, formatDate } from "../format.js";
import { hasMessage, loadMessages, t } from "../i18n.js";
import { usePages } from "../loading.js";
import { navigate, useSettled } from "../router.js";

await loadMessages("audit");

const ADDRESS = "/admin?tab=audit";
const SHOWN_ENTRIES = 30;
const FILTERS = ["subject_kind", "actor_kind", "since", "actor", "subject"];
const SUBJECT_KINDS = [
  "account",
  "api_key",
  "film",
  "invite",
  "mail",
  "outbox_row",
  "reindex",
  "review",
  "session",
];
const ACTOR_KINDS = ["user", "visitor", "command_line", "service"];

/** Show the entries that the address asks for. */
export function AuditTab({ entry }) {
  const filters = Object.fromEntries(FILTERS.map((name) => [name, entry.params.get(name) ?? ""]));
  const since = filters.since ? new Date(`${filters.since}T00:00`).toISOString() : "";
  const pages = usePages(loadEntries, { ...filters, since, limit: SHOWN_ENTRIES });
  useSettled(pages.rows !== null || pages.error !== null);
  const isOfOne = Boolean(filters.actor || filters.subject);
  return html`<section class="card admin-list" aria-labelledby="audit-title">
    <h2 id="audit-title">${t("admin.tab.audit")}</h2>
    <div class="admin-filters">
      <${Choice} name="subject_kind" values=${SUBJECT_KINDS} filters=${filters} />
      <${Choice} name="actor_kind" values=${ACTOR_KINDS} filters=${filters} />
      <div class="field">
        <label for="audit-since">${t("audit.since")}</label>
        <input
          id="audit-since"
          class="input"
          type="date"
          value=${filters.since}
          onChange=${(event) => filterBy(filters, { since: event.target.value })}
        />
      </div>
    </div>
    ${isOfOne &&
    html`<p>
      ${t(filters.actor ? "audit.of_actor" : "audit.of_subject")}${" "}
      <a href=${filterAddress(filters, { actor: "", subject: "" })}>${t("audit.all")}</a>
    </p>`}
    <${PagedRows} pages=${pages} label=${t("admin.tab.audit")} none=${t("audit.none")}>
      ${(row) => html`<${AuditRow} key=${row.id} row=${row} filters=${filters} />`}
    <//>
  </section>`;
}

const loadEntries = (params, signal) => get("/admin/audit", { params, signal });

function filterAddress(filters, changes) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filters, ...changes })) {
    if (value) params.set(name, value);
  }
  return params.size ? `${ADDRESS}&${params}` : ADDRESS;
}

const filterBy = (filters, changes) => navigate(filterAddress(filters, changes), { replace: true });

function Choice({ name, values, filters }) {
  return html`<div class="field">
    <label for=${`audit-${name}`}>${t(`audit.${name}`)}</label>
    <select
      id=${`audit-${name}`}
      class="input select"
      onChange=${(event) => filterBy(filters, { [name]: event.target.value })}
    >
      <option value="">${t("audit.any")}</option>
      ${values.map(
        (value) => html`<option value=${value} selected=${value === filters[name]}>
          ${t(`audit.${name}.${value}`)}
        </option>`,
      )}
    </select>
  </div>`;
}

function AuditRow({ row: { at, action, actor, subject, details }, filters }) {
  const name = `audit.action.${action}`;
  const title = html`${hasMessage(name) ? t(name) : action}
    ${subject?.name && html`${" "}<bdi class="audit-subject">${subject.name}</bdi>`}`;
  const more = describeDetails(details);
  return html`<${Row} title=${title}>
    <span class="muted">
      <${Actor} actor=${actor} filters=${filters} />
      ${actor.address && html` · <bdi>${actor.address}</bdi>`}
      ${" · "}<span title=${formatDate(at, { time: true })}><${RelativeTime} value=${at} /></span>
      ${subject?.id &&
      html`${" · "}<a href=${filterAddress(filters, { subject: subject.id, actor: "" })}>
          ${t("audit.history")}<span class="hidden-text">${" "}${subject.name ?? subject.id}</span>
        </a>`}
    </span>
    ${more && html`<span class="row-reason" dir="auto">${more}</span>`}
  <//>`;
}

function Actor({ actor, filters }) {
  const kind = t(`audit.actor_kind.${actor.kind}`);
  if (actor.kind !== "user" || !actor.id) return actor.name ? html`${kind} (<bdi>${actor.name}</bdi>)` : kind;
  return html`<a href=${filterAddress(filters, { actor: actor.id, subject: "" })}>
      <bdi>${actor.name ?? t("audit.erased")}</bdi></a
    >${actor.key && ` (${t("audit.by_key")})`}`;
}

/* Details differ by action and are few; their names are those of the API. */
function describeDetails(details) {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(", ") : formatDetail(value)}`)
    .join(" · ");
}

const formatDetail = (value) =>
  value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
