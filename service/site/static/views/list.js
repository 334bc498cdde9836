/* A list of films, as everybody sees it who may: its films in their order, with what is noted. */

import { html, useEffect } from "../lib.js";
import { CopyButton } from "../components/copy-button.js";
import { ErrorNotice, ViewState } from "../components/notice.js";
import { Poster, titleLanguage } from "../components/poster.js";
import { get } from "../client.js";
import { rememberFilm } from "../films.js";
import { RelativeTime, formatNumber } from "../format.js";
import { t } from "../i18n.js";
import { usePages } from "../loading.js";
import { useSettled } from "../router.js";
import { user } from "../session.js";
import { useStore } from "../store.js";

const SHOWN_FILMS = 50;
const POSTER_WIDTH = 72;

/** Show the list that the address names. */
export default function ListView({ args: [id] }) {
  const account = useStore(user);
  return html`<${FilmList} key=${`${id} ${account?.id ?? ""}`} id=${id} account=${account} />`;
}

function FilmList({ id, account }) {
  const pages = usePages(
    (params, signal) => get(`/lists/${encodeURIComponent(id)}`, { params, signal }),
    { limit: SHOWN_FILMS },
  );
  const list = pages.first?.list;
  useSettled(Boolean(list ?? pages.error));
  useEffect(() => {
    document.title = `${list?.name ?? t("list.title")} · ${t("page.name")}`;
  });
  if (pages.error?.status === 404) {
    return html`<${ViewState} icon="film" title=${t("list.none")} level=${1}>
      <p class="muted">${t("list.none.detail")}</p>
      <a class="button button-primary" href="/">${t("page.home")}</a>
    <//>`;
  }
  if (pages.error && !list) return html`<${ErrorNotice} error=${pages.error} onRetry=${pages.reload} />`;
  if (!list) return null;
  return html`<div class="list">
    <${ListHead} list=${list} isOwn=${account !== null && list.owner === account.username} />
    ${pages.rows.length === 0 && html`<p class="muted">${t("list.empty")}</p>`}
    <ol class="list-films" aria-label=${list.name}>
      ${pages.rows.map(
        (entry, index) => html`<${Entry}
          key=${(entry.movie ?? entry.deleted_movie).id}
          entry=${entry}
          position=${index + 1}
        />`,
      )}
    </ol>
    ${pages.more?.error && html`<${ErrorNotice} error=${pages.more.error} />`}
    ${pages.more &&
    html`<button
      type="button"
      class="button list-more"
      disabled=${pages.more.isBusy}
      onClick=${() => pages.more.run()}
    >
      ${t("page.more")}
    </button>`}
  </div>`;
}

function ListHead({ list, isOwn }) {
  const address = () => new URL(`/list/${list.id}`, location.origin).href;
  return html`<header class="list-head">
    <div class="list-name">
      <h1 dir="auto">${list.name}</h1>
      <p class="muted">
        ${list.owner &&
        html`${t("list.by")} <a href=${`/user/${encodeURIComponent(list.owner)}`}><bdi>${list.owner}</bdi></a> · `}
        ${t("list.films", { n: list.movies })} · ${t("list.changed")}
        ${" "}<${RelativeTime} value=${list.updated_at} />
        ${isOwn && ` · ${t(`list.seen_by.${list.visibility}`)}`}
      </p>
      ${list.description && html`<p class="list-description" dir="auto">${list.description}</p>`}
    </div>
    <div class="list-actions">
      ${list.visibility !== "private" && html`<${CopyButton} text=${address} label=${t("copy.link")} />`}
      ${isOwn &&
      html`<a class="button" href=${`/account?tab=lists&list=${list.id}`}>${t("list.edit")}</a>`}
    </div>
  </header>`;
}

function Entry({ entry, position }) {
  const film = entry.movie ?? entry.deleted_movie;
  const facts = [film.year, film.directors?.slice(0, 2).join(", ")].filter(Boolean).join(" · ");
  return html`<li class="list-film">
    <span class="list-position" aria-hidden="true">${formatNumber(position)}</span>
    <${Poster} film=${entry.movie ?? { ...film, poster: { sizes: {} } }} width=${POSTER_WIDTH} />
    <div class="list-text">
      <h2 class="list-film-title" dir="auto" lang=${titleLanguage(film)}>
        ${entry.movie
          ? html`<a href=${`/film/${film.imdb_id ?? film.id}`} onClick=${() => rememberFilm(film)}>${film.title}</a>`
          : film.title}
      </h2>
      <p class="muted">${facts}${!entry.movie && ` · ${t("list.deleted")}`}</p>
      ${entry.note && html`<p class="list-note" dir="auto">${entry.note}</p>`}
    </div>
  </li>`;
}
