/* The films that one has seen. */

import { html } from "../lib.js";
import { ErrorNotice } from "../components/notice.js";
import { PagedRows } from "../components/rows.js";
import { get, remove } from "../client.js";
import { formatDate } from "../format.js";
import { loadMessages, t } from "../i18n.js";
import { useAction, usePages } from "../loading.js";
import { FilmRow, RemoveButton } from "./film-row.js";

await loadMessages("library");

const SHOWN_ENTRIES = 50;

/** Show the history, the latest first. */
export function History() {
  const pages = usePages(loadHistory, { limit: SHOWN_ENTRIES });
  const removal = useAction(async ({ id }) => {
    await remove(`/me/history/${id}`);
    pages.reload();
  });
  return html`<section class="card" aria-labelledby="history-title">
    <h2 id="history-title">${t("account.tab.history")}</h2>
    ${removal.error && html`<${ErrorNotice} error=${removal.error} />`}
    <${PagedRows} pages=${pages} label=${t("account.tab.history")} none=${t("library.no_history")}>
      ${(entry) => html`<${FilmRow}
        key=${entry.id}
        entry=${entry}
        facts=${[
          html`<time datetime=${entry.watched_at}>${formatDate(entry.watched_at)}</time>`,
          entry.rewatch && t("library.rewatch"),
        ]}
        side=${html`<${RemoveButton}
          entry=${entry}
          action=${removal}
          onClick=${() => removal.run(entry)}
        />`}
      />`}
    <//>
  </section>`;
}

const loadHistory = (params, signal) => get("/me/history", { params, signal });
