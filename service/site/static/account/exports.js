/* What the service has stored about the owner of an account, as a file. */

import { html } from "../lib.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { Row, Rows } from "../components/rows.js";
import { get, post, request } from "../client.js";
import { saveFile } from "../files.js";
import { RelativeTime, formatBytes } from "../format.js";
import { t, tParts } from "../i18n.js";
import { useAction, usePolled } from "../loading.js";

const ACTIVE_MS = 1000; // while the file is being made
const IDLE_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 600_000;

const isActive = (entry) => ["pending", "running"].includes(entry?.state);

/** Show the last export, and the button that asks for one. */
export function Exports() {
  const { data, error, reload } = usePolled(
    (signal) => get("/me/exports", { signal }),
    (page) => (isActive(page?.results[0]) ? ACTIVE_MS : IDLE_MS),
  );
  const ask = useAction(async () => {
    await post("/me/exports");
    reload();
  });
  const entry = data?.results[0];
  const isBusy = ask.isBusy || isActive(entry);
  return html`<section class="card" aria-labelledby="account-export">
    <h2 id="account-export">${t("account.export")}</h2>
    <p class="muted">${t("account.export_detail")}</p>
    ${error && html`<${ErrorNotice} error=${error} onRetry=${reload} />`}
    ${ask.error && html`<${ErrorNotice} error=${ask.error} />`}
    <div role="status">
      ${isActive(entry) && html`<p>${t("account.export_active")}</p>`}
      ${entry?.state === "failed" && html`<${FailedExport} entry=${entry} />`}
      ${entry?.state === "done" && html`<${DoneExport} entry=${entry} onGone=${reload} />`}
    </div>
    ${data &&
    html`<div class="form-actions">
      <button type="button" class="button" disabled=${isBusy} onClick=${() => ask.run()}>
        ${t(entry ? "account.export_again" : "account.export_ask")}
      </button>
    </div>`}
  </section>`;
}

function FailedExport({ entry }) {
  return html`<${Notice} kind="warning" title=${t("account.export_failed")}>
    ${t(entry.failure === "too_large" ? "account.export_too_large" : "account.export_failed_detail")}
  <//>`;
}

function DoneExport({ entry, onGone }) {
  const download = useAction(async () => {
    const { data, response } = await request("GET", `/me/exports/${entry.id}`, {
      isFile: true,
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
    });
    if (data instanceof Blob) saveFile(fileName(response), data);
    else onGone();
  });
  const side = html`<button
    type="button"
    class="button button-primary button-small"
    disabled=${download.isBusy}
    onClick=${() => download.run()}
  >
    ${download.isBusy ? t("page.loading") : t("account.download")}
  </button>`;
  const made = html`<${RelativeTime} value=${entry.finished_at} />`;
  const gone = html`<${RelativeTime} value=${entry.expires_at} />`;
  return html`<${Rows}>
      <${Row} title=${t("account.export_done", { size: formatBytes(entry.size_bytes) })} side=${side}>
        <span class="muted">${tParts("account.export_times", { made, gone })}</span>
      <//>
    <//>
    ${download.error && html`<${ErrorNotice} error=${download.error} />`}`;
}

function fileName(response) {
  const header = response.headers.get("Content-Disposition") ?? "";
  return /filename="([\w.-]+)"/.exec(header)?.[1] ?? "movies-export.zip";
}
