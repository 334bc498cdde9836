/* Where a film's facts come from, and how fresh they are. */

import { html } from "../lib.js";
import { RelativeTime } from "../format.js";
import { hasMessage, t, tParts } from "../i18n.js";
import { user } from "../session.js";
import { useStore } from "../store.js";

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
    <${EditLink} film=${film} />
  </footer>`;
}

function EditLink({ film }) {
  const account = useStore(user);
  if (!account?.is_admin) return null;
  return html`<p><a href=${`/admin?tab=films&edit=${film.id}`}>${t("film.edit")}</a></p>`;
}
