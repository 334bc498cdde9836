/* The rebuild of the index: started, watched, cancelled, rolled back; and the last ones. */

import { html, useState } from "../lib.js";
import { ConfirmDialog } from "../components/dialog.js";
import { ErrorNotice } from "../components/notice.js";
import { post, remove } from "../client.js";
import { RelativeTime, formatNumber } from "../format.js";
import { t } from "../i18n.js";
import { useAction } from "../loading.js";

const NOT_CANCELLABLE = ["swapping", "settling"];

/** Show the rebuild that goes on, also one that another admin started, or the buttons that start one. */
export function RebuildCard({ jobs: { data, reload } }) {
  const active = data.results.find((job) => !job.finished_at);
  const last = data.results.find((job) => job.state === "done");
  return html`<section class="card rebuild" aria-labelledby="rebuild-title">
    ${active
      ? html`<${ActiveJob} job=${active} reload=${reload} />`
      : html`<${IdleIndex} last=${last} reload=${reload} />`}
  </section>`;
}

function ActiveJob({ job, reload }) {
  const cancel = useAction(async () => {
    await remove(`/admin/reindex/${job.id}`);
    reload();
  });
  const state = t(`admin.step.${job.cancel_asked ? "cancelling" : job.state}`);
  const isCancellable = !job.cancel_asked && !NOT_CANCELLABLE.includes(job.state);
  return html`<h2 id="rebuild-title">
      ${t(`admin.kind.${job.kind}`)} ${job.index_name ?? ""} · ${state}
    </h2>
    ${job.kind === "rebuild" &&
    html`<progress
      class="progress"
      aria-label=${t("admin.progress")}
      max=${Math.max(job.total, 1)}
      value=${job.total ? job.done : undefined}
    ></progress>`}
    <div class="rebuild-foot">
      <p class="muted">${progressText(job)}</p>
      ${isCancellable &&
      html`<button
        type="button"
        class="link-button"
        disabled=${cancel.isBusy}
        onClick=${() => cancel.run()}
      >
        ${t("dialog.cancel")}
      </button>`}
    </div>
    ${cancel.error && html`<${ErrorNotice} error=${cancel.error} />`}`;
}

function progressText(job) {
  if (job.state === "queued") return t("admin.queued");
  if (!job.total) return t("admin.preparing");
  return [
    t("admin.done_of", { done: formatNumber(job.done), total: formatNumber(job.total) }),
    job.rate > 0 && t("admin.rate", { n: Math.round(job.rate) }),
    job.seconds_left !== null && t("admin.left", { time: formatSeconds(job.seconds_left) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

function IdleIndex({ last, reload }) {
  const [isAsking, setAsking] = useState(false);
  const rebuild = useAction(async () => {
    await post("/admin/reindex");
    reload();
  });
  const rollback = useAction(async () => {
    setAsking(false);
    await post("/admin/reindex/rollback");
    reload();
  });
  const error = rebuild.error ?? rollback.error;
  const isBusy = rebuild.isBusy || rollback.isBusy;
  return html`<h2 id="rebuild-title">${t("admin.index")}</h2>
    <div class="rebuild-foot">
      <p class="muted">
        ${last
          ? html`${t("admin.live_since", { index: last.index_name ?? "" })}
              ${" "}<${RelativeTime} value=${last.finished_at} />`
          : t("admin.never_rebuilt")}
      </p>
      <div class="rebuild-actions">
        ${last?.previous_index &&
        html`<button type="button" class="button" disabled=${isBusy} onClick=${() => setAsking(true)}>
          ${t("admin.rollback")}
        </button>`}
        <button
          type="button"
          class="button"
          disabled=${isBusy}
          onClick=${() => rebuild.run()}
        >
          ${t("admin.rebuild")}
        </button>
      </div>
    </div>
    ${error && html`<${ErrorNotice} error=${error} />`}
    ${isAsking &&
    html`<${ConfirmDialog}
      title=${t("admin.rollback")}
      confirm=${t("admin.rollback")}
      isBusy=${isBusy}
      onConfirm=${() => rollback.run()}
      onClose=${() => setAsking(false)}
    >
      <p>${t("admin.rollback_detail", { index: last.previous_index })}</p>
    <//>`}`;
}

/** Show the last rebuilds and rollbacks. */
export function JobsCard({ jobs: { results, total } }) {
  if (!results.length) return null;
  return html`<section class="card" aria-labelledby="jobs-title">
    <h2 id="jobs-title">${t("admin.jobs")}</h2>
    <ul class="rows">
      ${results.map((job) => html`<${Job} key=${job.id} job=${job} />`)}
    </ul>
    ${total.value > results.length &&
    html`<p class="muted">${t("admin.more_jobs", { n: total.value - results.length })}</p>`}
  </section>`;
}

function Job({ job }) {
  const seconds =
    job.started_at && job.finished_at
      ? (new Date(job.finished_at) - new Date(job.started_at)) / 1000
      : null;
  return html`<li class="row">
    <div class="row-text">
      <span class="row-title">${t(`admin.kind.${job.kind}`)} ${job.index_name ?? ""}</span>
      <span class="muted">
        <${RelativeTime} value=${job.created_at} />
        ${job.kind === "rebuild" && job.done > 0 && ` · ${t("admin.count_films", { n: job.done })}`}
        ${seconds !== null && ` · ${formatSeconds(seconds)}`} ${job.reason && ` · ${job.reason}`}
      </span>
    </div>
    <span class=${`badge-state badge-${job.state}`}>${t(`admin.step.${job.state}`)}</span>
  </li>`;
}

/** Return a duration in its two largest units. */
function formatSeconds(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  const unit = (value, name) => formatNumber(value, { style: "unit", unit: name, unitDisplay: "short" });
  if (whole < 60) return unit(whole, "second");
  if (whole < 3600) return `${unit(Math.floor(whole / 60), "minute")} ${unit(whole % 60, "second")}`;
  return `${unit(Math.floor(whole / 3600), "hour")} ${unit(Math.floor((whole % 3600) / 60), "minute")}`;
}
