/* A film in a list: poster, title, facts, and where it matches if that is not plain to see. */

import { html } from "../lib.js";
import { t } from "../i18n.js";
import { formatNumber, formatRating } from "../format.js";
import { rememberFilm } from "../films.js";
import { Icon } from "./icon.js";
import { MarkedText, splitRanges } from "./marked-text.js";
import { Poster, titleLanguage } from "./poster.js";

const POSTER_WIDTH = 96;
const MAX_DIRECTORS = 2;
const MAX_GENRES = 3;

/** Show a film.
 *
 * Args:
 *   matches: the matched ranges by field, as the API gives them.
 *   eager: whether the poster is loaded before the card is near the visible part of the page.
 *   level: of the heading.
 */
export function FilmCard({ film, matches = {}, eager = false, level = 2 }) {
  const ratings = film.ratings.imdb;
  return html`<article class="film-card">
    <${Poster} film=${film} width=${POSTER_WIDTH} eager=${eager} />
    <div class="film-card-text">
      <${`h${level}`} class="film-card-title">
        <a
          id=${`film-${film.id}`}
          href=${`/film/${film.imdb_id ?? film.id}`}
          onClick=${() => rememberFilm(film)}
          dir="auto"
          lang=${titleLanguage(film)}
          ><${MarkedText} text=${film.title} ranges=${matches.title}
        /></a>
      <//>
      <p class="film-card-facts">${joinFacts([yearText(film), directorNames(film, matches)])}</p>
      ${film.genres.length > 0 &&
      html`<p class="film-card-facts">
        ${film.genres.slice(0, MAX_GENRES).map(genreName).join(" · ")}
      </p>`}
      ${ratings.value !== null &&
      html`<p class="film-card-rating">
        <span class="hidden-text">${t("film.rating_label")}</span>
        <span class="star"><${Icon} name="star" size=${16} /></span>
        <strong>${formatRating(ratings.value)}</strong>
        ${ratings.votes > 0 &&
        html`<span class="muted"
          >${t("film.votes", { n: ratings.votes, shown: formatNumber(ratings.votes) })}</span
        >`}
      </p>`}
      <${MatchReason} film=${film} matches=${matches} />
    </div>
  </article>`;
}

/** Return a genre in the page's language; unknown ones stay as they are. */
export function genreName(genre) {
  const key = `genre.${genre}`;
  const name = t(key);
  return name === key ? genre : name;
}

function yearText(film) {
  const type = film.type === "movie" ? null : t(`type.${film.type}.one`);
  const years =
    film.type === "series" && film.end_year && film.end_year !== film.year
      ? `${film.year}–${film.end_year}`
      : film.year && String(film.year);
  return [years, type].filter(Boolean).join(" · ");
}

function directorNames(film, matches) {
  if (!film.directors.length) return null;
  const ranges = splitRanges(film.directors, matches.directors);
  const isShown = (index) => index < MAX_DIRECTORS || ranges[index].length > 0;
  const names = film.directors.flatMap((name, index) =>
    isShown(index) ? [", ", html`<${MarkedText} text=${name} ranges=${ranges[index]} />`] : [],
  );
  return html`<span dir="auto">${names.slice(1)}</span>`;
}

function joinFacts(facts) {
  return facts.filter(Boolean).flatMap((fact, index) => (index ? [" · ", fact] : [fact]));
}

const REASON_FIELDS = ["aliases", "actors", "writers", "plot"];
const PLOT_CONTEXT = 40; // characters before the first match

/* What matched besides title and directors, which the card shows anyway. */
function MatchReason({ film, matches }) {
  const fields = REASON_FIELDS.filter((field) => matches[field]?.length);
  if (!fields.length) return null;
  return html`<ul class="film-card-reasons">
    ${fields.map(
      (field) => html`<li key=${field}>
        ${t(`match.${field}`)} <span dir="auto">${matchedExcerpt(film, field, matches[field])}</span>
      </li>`,
    )}
  </ul>`;
}

function matchedExcerpt(film, field, ranges) {
  if (field === "plot") return plotExcerpt(film.plot, ranges);
  const own = splitRanges(film[field], ranges);
  const names = film[field].flatMap((text, index) =>
    own[index].length ? [", ", html`<${MarkedText} text=${text} ranges=${own[index]} />`] : [],
  );
  return names.slice(1);
}

function plotExcerpt(plot, ranges) {
  const characters = Array.from(plot);
  const start = Math.max(0, ranges[0][0] - PLOT_CONTEXT);
  const end = Math.min(characters.length, ranges[0][1] + 2 * PLOT_CONTEXT);
  const text = characters.slice(start, end).join("");
  const own = ranges
    .filter(([, to]) => to <= end)
    .map(([from, to]) => [from - start, to - start]);
  return [start > 0 && "… ", html`<${MarkedText} text=${text} ranges=${own} />`, end < characters.length && " …"];
}
