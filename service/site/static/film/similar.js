/* Films that are like one. */

import { html } from "../lib.js";
import { FilmStrip } from "../components/film-strip.js";
import { get } from "../client.js";
import { t } from "../i18n.js";
import { useLoaded } from "../loading.js";

const SHOWN_FILMS = 12;

/** Show similar films and what the two have in common; nothing where there are none. */
export default function Similar({ film }) {
  const { data } = useLoaded(
    (signal) => get(`/movies/${film.id}/similar`, { params: { limit: SHOWN_FILMS }, signal }),
    [film.id],
  );
  if (!data?.results.length) return null;
  const films = data.results.map(({ movie, because }) => ({
    film: movie,
    note: because.length ? t(`film.similar.${because[0]}`) : null,
  }));
  return html`<${FilmStrip} id="similar-title" title=${t("film.similar")} films=${films} />`;
}
