/* Changes of films that the index can never take as they are, with their reasons. */

import { html, useEffect, useRef } from "../lib.js";
import { ErrorNotice } from "../components/notice.js";
import { get, post } from "../client.js";
import { RelativeTime } from "../format.js";
import { t } from "../i18n.js";
import { useAction, usePolled } from "../loading.js";

const MAX_ROWS = 20;
const PAUSE_MS = 15_000;

/** Show the quarantine while there is something in it; `count` is the number as last read. */
export function QuarantineCard({ count, onChange }) {
  const rows = usePolled(loadRows, () => PAUSE_MS);
  const retry = useAction(async (list) => {
    for (const row of list) await retryRow(row);
    rows.reload();
    onChange();
  });
  const lastCount = useRef(count);
  useEffect(() => {
    if (lastCount.current !== count) rows.reload();
    lastCount.current = count;
  }, [count]);
  const list = rows.data?.results ?? [];
  if (!list.length && !retry.error && !rows.error) return null;
  const error = retry.error ?? rows.error;
  return html`<section class="card" id="quarantine" aria-labelledby="quarantine-title">
    <div class="card-head">
      <h2 id="quarantine-title">${t("admin.quarantine")}</h2>
      ${list.length > 1 &&
      html`<button
        type="button"
        class="button button-small"
        disabled=${retry.isBusy}
        onClick=${() => retry.run(list)}
      >
        ${t("admin.retry_all")}
      </button>`}
    </div>
    <p class="muted">${t("admin.quarantine_detail")}</p>
    ${error && html`<${ErrorNotice} error=${error} onRetry=${rows.reload} />`}
    <ul class="rows">
      ${list.map((row) => html`<${Row} key=${row.id} row=${row} retry=${retry} />`)}
    </ul>
    ${rows.data?.total.value > list.length &&
    html`<p class="muted">${t("admin.more_rows", { n: rows.data.total.value - list.length })}</p>`}
  </section>`;
}

function Row({ row, retry }) {
  const title = row.title ?? t("admin.deleted_film");
  return html`<li class="row">
    <div class="row-text">
      <span class="row-title" dir="auto">
        ${row.title ? html`<a href=${`/film/${row.film_id}`}>${title}</a>` : title}
      </span>
      <span class="row-reason" dir="auto">${row.reason}</span>
      <span class="muted">
        ${t("admin.attempts", { n: row.attempts })} · <${RelativeTime} value=${row.created_at} />
      </span>
    </div>
    <button
      type="button"
      class="button button-small"
      aria-label=${t("admin.retry_film", { title })}
      disabled=${retry.isBusy}
      onClick=${() => retry.run([row])}
    >
      ${t("error.retry")}
    </button>
  </li>`;
}

async function loadRows(signal) {
  const params = { state: "quarantined", limit: MAX_ROWS };
  const page = await get("/admin/outbox", { params, signal });
  const ids = [...new Set(page.results.map((row) => row.film_id))];
  const titles = ids.length ? await loadTitles(ids, signal) : new Map();
  const results = page.results.map((row) => ({ ...row, title: titles.get(row.film_id) ?? null }));
  return { ...page, results };
}

async function loadTitles(ids, signal) {
  const { answers } = await post("/movies/batch", { body: { ids }, signal });
  return new Map(answers.filter(({ movie }) => movie).map(({ movie }) => [movie.id, movie.title]));
}

/* A row that somebody else has already taken care of is no error. */
async function retryRow(row) {
  try {
    await post(`/admin/outbox/${row.id}/retry`);
  } catch (error) {
    if (error.code !== "outbox_row_done" && error.code !== "outbox_row_not_found") throw error;
  }
}
