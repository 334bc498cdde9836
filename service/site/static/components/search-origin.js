/* On a film that a search led to: the way back, and why the search found it. */

import { html, useEffect, useState } from "../lib.js";
import { get } from "../client.js";
import { hasMessage, t } from "../i18n.js";
import { parseSearch, searchRequest } from "../search-address.js";
import { Icon } from "./icon.js";
import { MarkedText, splitRanges } from "./marked-text.js";

const LIST_FIELDS = ["aliases", "directors", "writers", "actors"];
const OTHER_FIELDS = ["year", "imdb_id"];
const LIMIT = 20; // results among which the film is looked for

/** Show the search at the address `from`; nothing if it is not one with a text. */
export function SearchOrigin({ film, from }) {
  const search = parseOrigin(from);
  const result = useResult(film, search);
  if (!search) return null;
  return html`<aside class="film-origin" aria-label=${t("film.origin")}>
    <a class="film-back" href=${from} onClick=${goBack}>
      <${Icon} name="back" size=${18} />
      <span dir="auto">${t("film.back", { q: search.q })}</span>
    </a>
    ${result && html`<${Reasons} film=${film} result=${result} />`}
  </aside>`;
}

/* Only texts that the view does not show as a heading anyway are worth a line. */
function Reasons({ film, result: { matches, reasons } }) {
  const parts = [
    matches.title && ["title", marked(film.title, matches.title)],
    ...LIST_FIELDS.map((field) => matches[field] && [field, names(film, field, matches)]),
    matches.plot && ["plot", words(film.plot, matches.plot)],
    ...OTHER_FIELDS.map((field) => [field, reasons.find((reason) => reason.field === field)?.text]),
  ].filter((part) => part?.[1]);
  return html`<p class="film-why">
    ${t(parts.length ? "film.why" : "film.why.similar")}${" "}
    ${parts.flatMap(([field, value], index) => [
      index > 0 && " · ",
      `${t(`film.why.${field}`)} `,
      html`<span dir="auto">${value}</span>`,
      nearness(reasons.filter((reason) => reason.field === field)),
    ])}
  </p>`;
}

/* How far the words are from what was typed, where they are not the same. */
function nearness(reasons) {
  const others = reasons.filter(({ kind }) => hasMessage(`film.why.kind.${kind}`));
  if (!others.length) return null;
  const texts = others.map(({ kind, text }) => {
    const how = t(`film.why.kind.${kind}`);
    return reasons.length > 1 ? t("film.why.word", { word: `\u2068${text}\u2069`, how }) : how;
  });
  return ` (${texts.join("; ")})`;
}

const marked = (text, ranges) => html`<${MarkedText} text=${text} ranges=${ranges} />`;

function names(film, field, matches) {
  const own = splitRanges(film[field], matches[field]);
  const parts = film[field].flatMap((name, index) =>
    own[index].length ? [", ", marked(name, own[index])] : [],
  );
  return parts.slice(1);
}

function words(text, ranges) {
  const characters = Array.from(text);
  const matchedTexts = new Set(ranges.map(([start, end]) => characters.slice(start, end).join("")));
  return [...matchedTexts].flatMap((word, index) => [index > 0 && ", ", html`<mark>${word}</mark>`]);
}

/* The same search again, narrowed to films of this year, tells what of the film matched. */
function useResult(film, search) {
  const [result, setResult] = useState(null);
  useEffect(() => {
    if (!search) return undefined;
    const controller = new AbortController();
    const { params } = searchRequest({ ...search, sort: "relevance" });
    const { facets, ...filters } = params;
    const year = film.year ? { year_min: film.year, year_max: film.year } : {};
    const narrowedParams = { ...filters, ...year, limit: LIMIT, explain: 1 };
    get("/search", { params: narrowedParams, signal: controller.signal }).then(
      ({ results }) => {
        setResult(results.find(({ movie }) => movie.id === film.id) ?? null);
      },
      () => null, // the film is shown all the same
    );
    return () => controller.abort();
  }, [film.id, search?.q]);
  return result;
}

function parseOrigin(from) {
  if (!from) return null;
  const url = new URL(from, location.origin);
  if (url.origin !== location.origin || url.pathname !== "/") return null;
  const search = parseSearch(url.searchParams);
  return search.q ? search : null;
}

/* Going back, rather than on to the same address, keeps the place in the results. */
function goBack(event) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.back();
}
