/* A film in one of a user's own lists; one that was deleted is known by its title. */

import { html } from "../lib.js";
import { Row } from "../components/rows.js";
import { rememberFilm } from "../films.js";
import { t } from "../i18n.js";

/** Show the film of `entry` (`movie` or `deleted_movie`), facts below it, and what can be done about it.
 *
 * More attributes are the row's.
 */
export function FilmRow({ entry, children, side, ...attributes }) {
  const film = entry.movie ?? entry.deleted_movie;
  const title = entry.movie
    ? html`<a href=${`/film/${film.imdb_id ?? film.id}`} onClick=${() => rememberFilm(film)}>
        ${film.title}
      </a>`
    : film.title;
  return html`<${Row} title=${title} side=${side} ...${attributes}>
    <span class="muted">
      ${film.year}${!entry.movie && ` · ${t("library.deleted")}`}
    </span>
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
