/* A film in one of a user's own lists; one that was deleted is known by its title. */

import { html } from "../lib.js";
import { Poster } from "../components/poster.js";
import { Row } from "../components/rows.js";
import { rememberFilm } from "../films.js";
import { t } from "../i18n.js";

const POSTER_WIDTH = 48;
const NO_POSTER = { poster: { sizes: {} } };

/** Show the film of `entry` (`movie` or `deleted_movie`), facts below it, and what can be done about it.
 *
 * The list `facts` follows the year, `handle` stands before the poster; more attributes are the row's.
 */
export function FilmRow({ entry, children, facts = [], handle, side, ...attributes }) {
  const film = entry.movie ?? entry.deleted_movie;
  const title = entry.movie
    ? html`<a href=${`/film/${film.imdb_id ?? film.id}`} onClick=${() => rememberFilm(film)}>
        ${film.title}
      </a>`
    : film.title;
  const lead = html`${handle}<${Poster} film=${{ ...NO_POSTER, ...film }} width=${POSTER_WIDTH} />`;
  const parts = [film.year, !entry.movie && t("library.deleted"), ...facts].filter(Boolean);
  return html`<${Row} title=${title} lead=${lead} side=${side} ...${attributes}>
    <span class="muted">${parts.flatMap((part, index) => (index ? [" · ", part] : [part]))}</span>
    ${children}
  <//>`;
}

/** Show the button that takes a film from a list. */
export function RemoveButton({ entry, action, onClick }) {
  const { title } = entry.movie ?? entry.deleted_movie;
  return html`<button
    type="button"
    class="button button-small"
    aria-label=${t("library.remove_named", { title })}
    disabled=${action.isBusy}
    onClick=${onClick}
  >
    ${t("library.remove")}
  </button>`;
}
