/* Where a film's facts come from, and how fresh they are. */

import { html } from "../lib.js";
import { RelativeTime } from "../format.js";
import { hasMessage, t, tParts } from "../i18n.js";

/** Show source, age and attribution of a film's facts. */
export function Provenance({ film }) {
  const source = hasMessage(`film.source.${film.source}`)
    ? t(`film.source.${film.source}`)
    : film.source;
  const time = film.fetched_at ?? film.updated_at;
  const key = film.fetched_at ? "film.fetched" : "film.changed";
  return html`<footer class="film-provenance">
    <p>${tParts(key, { source, time: html`<${RelativeTime} value=${time} />` })}</p>
    ${film.stale && html`<p class="film-stale">${t("film.stale")}</p>`}
    ${film.attribution && html`<p>${film.attribution}</p>`}
  </footer>`;
}
