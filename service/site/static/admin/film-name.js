/* A film in one line: title, year, directors, and where it comes from. */

import { html } from "../lib.js";
import { formatList } from "../format.js";
import { t } from "../i18n.js";

/** Show which film it is. */
export function FilmName({ film }) {
  const facts = [
    film.year,
    t(`type.${film.type}`),
    film.directors.length > 0 && formatList(film.directors.slice(0, 2)),
    film.imdb_id,
    t(`admin.source.${film.source}`),
  ];
  return html`<span class="row-title" dir="auto">${film.title}</span>
    <span class="muted">${facts.filter(Boolean).join(" · ")}</span>`;
}
