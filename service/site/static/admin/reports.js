/* The reviews that users report, and what becomes of them. */

import { html, loadStyle, useState } from "../lib.js";
import { Dialog } from "../components/dialog.js";
import { Field, Form, SubmitButton, useForm } from "../components/form.js";
import { ErrorNotice } from "../components/notice.js";
import { PagedRows, Row } from "../components/rows.js";
import { get, post } from "../client.js";
import { ReviewEdits } from "../film/review-edits.js";
import { ReviewText } from "../film/review-text.js";
import { RelativeTime } from "../format.js";
import { loadMessages, t } from "../i18n.js";
import { useAction, usePages } from "../loading.js";
import { navigate, useSettled } from "../router.js";

await Promise.all([loadMessages("reports"), loadMessages("reviews"), loadStyle("reviews")]);

const ADDRESS = "/admin?tab=reports";
const SHOWN_REPORTS = 20;
const STATES = ["open", "decided"];
const MAX_NOTE_LENGTH = 500;

/** Show the reports in the state that the address asks for. */
export function ReportsTab({ entry }) {
  const state = entry.params.get("state") === "decided" ? "decided" : "open";
  const pages = usePages(loadReports, { state, limit: SHOWN_REPORTS });
  const [hidden, setHidden] = useState(null); // the report whose review is about to be hidden
  const decide = useAction(async (report, action, note = null) => {
    await post(`/admin/reports/${report.id}`, { body: { action, note } });
    pages.reload();
  });
  useSettled(pages.rows !== null || pages.error !== null);
  const choose = (name) => navigate(`${ADDRESS}&state=${name}`, { replace: true });
  return html`<section class="card admin-list" aria-labelledby="reports-title">
    <h2 id="reports-title">${t("admin.tab.reports")}</h2>
    <p class="muted">${t("reports.detail")}</p>
    <div class="admin-filters">
      <div class="field">
        <label for="report-state">${t("reports.state")}</label>
        <select
          id="report-state"
          class="input select"
          onChange=${(event) => choose(event.target.value)}
        >
          ${STATES.map(
            (name) => html`<option key=${name} value=${name} selected=${name === state}>
              ${t(`reports.state.${name}`)}
            </option>`,
          )}
        </select>
      </div>
    </div>
    ${decide.error && html`<${ErrorNotice} error=${decide.error} />`}
    <${PagedRows} pages=${pages} label=${t("admin.tab.reports")} none=${t("reports.none")}>
      ${(report) => html`<${ReportRow}
        key=${report.id}
        report=${report}
        decide=${decide}
        onHide=${() => setHidden(report)}
      />`}
    <//>
    ${hidden &&
    html`<${HideDialog}
      decide=${(note) => decide.run(hidden, "hide", note)}
      onClose=${() => setHidden(null)}
    />`}
  </section>`;
}

const loadReports = (params, signal) => get("/admin/reports", { params, signal });

function ReportRow({ report, decide, onHide }) {
  const { review } = report;
  const { movie } = review;
  const film = movie.year ? `${movie.title} (${movie.year})` : movie.title;
  const button = (action, onClick) => html`<button
    type="button"
    class=${`button button-small${action === "hide" ? " button-danger" : ""}`}
    aria-label=${t(`reports.${action}_named`, { title: review.title })}
    disabled=${decide.isBusy}
    onClick=${onClick}
  >
    ${t(`reports.${action}`)}
  </button>`;
  return html`<${Row} title=${review.title}>
    <span class="muted">
      <bdi>${review.author ?? t("review.deleted_user")}</bdi>${" · "}
      ${movie.deleted ? html`<bdi>${film}</bdi>` : html`<a href=${`/film/${movie.id}`}><bdi>${film}</bdi></a>`}
    </span>
    <span class="row-reason">
      ${t(`review.reason.${report.reason}`)}${report.comment && html`: <bdi>${report.comment}</bdi>`}
    </span>
    <span class="muted">
      <bdi>${report.reporter ?? t("review.deleted_user")}</bdi>${" · "}<${RelativeTime} value=${report.created_at} />
      ${report.outcome && ` · ${t(`reports.outcome.${report.outcome}`)}`}
    </span>
    <details class="review-spoiler">
      <summary>${t("reports.read")}<span class="hidden-text">${" "}${review.title}</span></summary>
      <${ReviewText} source=${review.html} />
    </details>
    <span class="review-actions">
      ${!review.hidden && button("hide", onHide)}
      ${!report.outcome && button("dismiss", () => decide.run(report, "dismiss"))}
      ${review.hidden && button("restore", () => decide.run(report, "restore"))}
      <${ReviewEdits} review=${review} />
    </span>
  <//>`;
}

function HideDialog({ decide, onClose }) {
  const form = useForm(async ({ note }) => {
    await decide(note.trim() || null);
    onClose();
  });
  const actions = html`<${SubmitButton} form=${form} kind="danger">${t("reports.hide")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  return html`<${Dialog} title=${t("reports.hide_title")} onClose=${onClose}>
    <${Form} form=${form} label=${t("reports.hide_title")} actions=${actions}>
      <${Field}
        form=${form}
        name="note"
        tag="textarea"
        label=${t("reports.note")}
        hint=${t("reports.note_hint")}
        maxlength=${MAX_NOTE_LENGTH}
        dir="auto"
      />
    <//>
  <//>`;
}
