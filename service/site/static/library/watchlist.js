/* The films that one wants to see. */

import { html, useState } from "../lib.js";
import { ErrorNotice } from "../components/notice.js";
import { PagedRows } from "../components/rows.js";
import { get, remove } from "../client.js";
import { RelativeTime } from "../format.js";
import { loadMessages, t } from "../i18n.js";
import { useAction, usePages } from "../loading.js";
import { FilmRow, RemoveButton } from "./film-row.js";

await loadMessages("library");

const SHOWN_FILMS = 50;
const SORTS = ["-added", "added", "title", "-year", "year", "-rating", "popularity"];

/** Show the watchlist in an order of choice. */
export function Watchlist() {
  const [sort, setSort] = useState(SORTS[0]);
  const pages = usePages(loadWatchlist, { sort, limit: SHOWN_FILMS });
  const removal = useAction(async ({ movie, deleted_movie: deleted }) => {
    await remove(`/me/watchlist/${(movie ?? deleted).id}`);
    pages.reload();
  });
  return html`<section class="card" aria-labelledby="watchlist-title">
    <div class="card-head">
      <h2 id="watchlist-title">${t("account.tab.watchlist")}</h2>
      <label class="sort">
        <span class="hidden-text">${t("library.sort")}</span>
        <select class="select" value=${sort} onChange=${(event) => setSort(event.target.value)}>
          ${SORTS.map((name) => html`<option key=${name} value=${name}>${t(`library.sort.${name}`)}</option>`)}
        </select>
      </label>
    </div>
    ${removal.error && html`<${ErrorNotice} error=${removal.error} />`}
    <${PagedRows} pages=${pages} label=${t("account.tab.watchlist")} none=${t("library.no_watchlist")}>
      ${(entry) => html`<${FilmRow}
        key=${(entry.movie ?? entry.deleted_movie).id}
        entry=${entry}
        facts=${[html`<span>${t("library.added")} <${RelativeTime} value=${entry.added_at} /></span>`]}
        side=${html`<${RemoveButton}
          entry=${entry}
          action=${removal}
          onClick=${() => removal.run(entry)}
        />`}
      />`}
    <//>
  </section>`;
}

const loadWatchlist = (params, signal) => get("/me/watchlist", { params, signal });
