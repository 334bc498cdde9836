/* One film: its poster, its facts and people, why a search found it, and where the data is from. */

import { html, useEffect, useState } from "../lib.js";
import { valueName } from "../components/facet-names.js";
import { genreName } from "../components/film-card.js";
import { FilmSkeleton } from "../components/film-skeleton.js";
import { Icon } from "../components/icon.js";
import { LazyPart } from "../components/lazy-part.js";
import { ErrorNotice, ViewState } from "../components/notice.js";
import { Poster, titleLanguage } from "../components/poster.js";
import { Provenance } from "../components/provenance.js";
import { useDelayed } from "../components/skeleton.js";
import { SearchOrigin } from "../components/search-origin.js";
import { get, isAborted } from "../client.js";
import {
  formatCompact,
  formatDate,
  formatDollars,
  formatNumber,
  formatRating,
  formatRuntime,
} from "../format.js";
import { t } from "../i18n.js";
import { forgetFilm, recallFilm, rememberFilm } from "../films.js";
import { FilmActions } from "../film/actions.js";
import { navigate, useSettled } from "../router.js";

const POSTER_WIDTH = 300;
const LONG_TITLE = 48; // characters, from which on the letters are smaller
const VERY_LONG_TITLE = 110;

const loadReviews = () => import("../film/reviews.js");
const loadSimilar = () => import("../film/similar.js");

/** Show the film whose id, IMDb id or title the address has. */
export default function FilmView({ args: [name], entry }) {
  const { film, error, retry } = useFilm(name);
  const isLate = useDelayed(!film && !error);
  useSettled(Boolean(film ?? error));
  useEffect(() => {
    const title = film ? `${film.title}${film.year ? ` (${film.year})` : ""}` : t("film.title");
    document.title = `${title} · ${t("page.name")}`;
  });
  if (error && !film) return html`<${FilmError} name=${name} error=${error} onRetry=${retry} />`;
  if (!film) return isLate && html`<${FilmSkeleton} width=${POSTER_WIDTH} />`;
  return html`<article class="film">
    <div class="film-top">
      ${error && html`<${ErrorNotice} error=${error} onRetry=${retry} />`}
      <${SearchOrigin} film=${film} from=${entry.from} />
    </div>
    <div class="film-poster"><${Poster} film=${film} width=${POSTER_WIDTH} eager /></div>
    <header class="film-head">
      <h1 class=${titleClass(film.title)} dir="auto" lang=${titleLanguage(film)}>${film.title}</h1>
      <p class="film-line">${factLine(film)}</p>
    </header>
    <div class="film-body">
      <${Scores} film=${film} />
      <${FilmActions} film=${film} />
      ${film.plot && html`<p class="film-plot" dir="auto">${film.plot}</p>`}
      <${Facts} film=${film} />
      <${Provenance} film=${film} />
      <${LazyPart} load=${loadReviews} film=${film} />
      <${LazyPart} load=${loadSimilar} film=${film} />
    </div>
  </article>`;
}

/* The film as it was last shown, at once, and as the service has it now. */
function useFilm(name) {
  const [state, setState] = useState({});
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    get(`/movies/${encodeURIComponent(name)}`, { signal: controller.signal }).then(
      (film) => {
        rememberFilm(film, name);
        setState({ name, film });
        if (name !== film.id && name !== film.imdb_id) {
          navigate(filmAddress(film) + location.search, { replace: true });
        }
      },
      (error) => {
        if (isAborted(error)) return;
        if (error.status === 404) forgetFilm(name);
        setState({ name, error });
      },
    );
    return () => controller.abort();
  }, [name, attempt]);
  const own = state.name === name ? state : {};
  const retry = () => {
    setState({});
    setAttempt((count) => count + 1);
  };
  return { film: own.film ?? recallFilm(name), error: own.error ?? null, retry };
}

const filmAddress = (film) => `/film/${film.imdb_id ?? film.id}`;

function FilmError({ name, error, onRetry }) {
  if (error.status !== 404) return html`<${ErrorNotice} error=${error} onRetry=${onRetry} />`;
  const isId = /^(tt\d+|[0-9a-f-]{36})$/i.test(name);
  return html`<${ViewState} icon="film" title=${t("film.none")} level=${1}>
    <p class="muted">${t(isId ? "film.none.id" : "film.none.title", { name })}</p>
    <a class="button button-primary" href=${isId ? "/" : `/?q=${encodeURIComponent(name)}`}>
      ${t(isId ? "page.home" : "film.none.search")}
    </a>
  <//>`;
}

function titleClass(title) {
  const length = Array.from(title).length;
  const size = length > VERY_LONG_TITLE ? "tiny" : length > LONG_TITLE ? "small" : "normal";
  return `film-title film-title-${size}`;
}

function factLine(film) {
  const facts = [
    film.type !== "movie" && t(`type.${film.type}.one`),
    yearText(film),
    film.runtime_minutes && formatRuntime(film.runtime_minutes),
    film.rated,
  ].filter(Boolean);
  const genres = film.genres.map(
    (genre) => html`<a href=${`/?genre=${encodeURIComponent(genre)}`}>${genreName(genre)}</a>`,
  );
  return [...facts, ...genres].flatMap((part, index) => (index ? [" · ", part] : [part]));
}

function yearText(film) {
  const isSpan = film.type === "series" && film.end_year && film.end_year !== film.year;
  return isSpan ? `${film.year}–${film.end_year}` : film.year && String(film.year);
}

/* Up to three numbers; what nobody has rated has none. */
function Scores({ film }) {
  const { imdb, rotten_tomatoes: tomatoes, metacritic } = film.ratings;
  const scores = [
    imdb.value !== null && {
      value: html`<span class="star"><${Icon} name="star" size=${20} /></span>
        ${formatRating(imdb.value)}`,
      label: imdb.votes
        ? t("film.score.imdb_votes", { n: imdb.votes, shown: formatVotes(imdb.votes) })
        : "IMDb",
    },
    tomatoes !== null && { value: formatPercent(tomatoes), label: "Rotten Tomatoes" },
    metacritic !== null && { value: formatNumber(metacritic), label: t("film.score.metacritic") },
  ].filter(Boolean);
  if (!scores.length) return null;
  return html`<ul class="film-scores" aria-label=${t("film.scores")}>
    ${scores.map(
      ({ value, label }) => html`<li key=${label}>
        <strong class="film-score">${value}</strong>
        <span class="film-score-label">${label}</span>
      </li>`,
    )}
  </ul>`;
}

const formatVotes = (votes) => (votes < 1e7 ? formatNumber(votes) : formatCompact(votes));

const formatPercent = (value) => formatNumber(value / 100, { style: "percent" });

function Facts({ film }) {
  const rows = [
    linksRow("directors", film.directors, "director"),
    linksRow("writers", film.writers, "writer"),
    linksRow("actors", film.actors, "actor"),
    [t("film.episode"), episodeLink(film)],
    [t("film.aliases"), film.aliases.length && listOf(film.aliases, (alias) => alias)],
    [t("film.released"), film.released && formatDate(film.released)],
    linksRow("languages", film.languages, "language"),
    linksRow("countries", film.countries, "country"),
    [t("film.awards"), film.awards],
    [t("film.box_office"), film.box_office_usd !== null && formatDollars(film.box_office_usd)],
    ["IMDb", film.imdb_id && html`<${ImdbLink} id=${film.imdb_id} />`],
  ].filter(([, value]) => value);
  return html`<dl class="film-facts">
    ${rows.map(
      ([label, value]) => html`<div key=${label}>
        <dt>${label}</dt>
        <dd>${value}</dd>
      </div>`,
    )}
  </dl>`;
}

/* Which episode of its series a film is, as far as that is known. */
function episodeLink({ season, episode, series }) {
  const isNumbered = season !== null && episode !== null;
  const text = isNumbered ? t("film.episode.number", { season, episode }) : t("film.episode.series");
  if (series !== null) return html`<a href=${`/film/${series}`}>${text}</a>`;
  return isNumbered && text;
}

/* Values of a field, each a link to a search for more films with it. */
function linksRow(field, values, parameter) {
  const label = t(`film.${field}`, { n: values.length });
  return [label, values.length && listOf(values, (value) => searchLink(parameter, value))];
}

function searchLink(parameter, value) {
  const name = valueName(parameter, value);
  return html`<a href=${`/?${parameter}=${encodeURIComponent(value)}`}>${name}</a>`;
}

function listOf(values, show) {
  return html`<ul class="film-list">
    ${[...new Set(values)].map((value) => html`<li key=${value}><bdi>${show(value)}</bdi></li>`)}
  </ul>`;
}

function ImdbLink({ id }) {
  return html`<a href=${`https://www.imdb.com/title/${id}/`} rel="noopener noreferrer external">
    ${id}
  </a>`;
}
