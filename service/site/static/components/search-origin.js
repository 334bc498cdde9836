/* On a film that a search led to: the way back, and why the search found it. */

import { html, useEffect, useState } from "../lib.js";
import { get } from "../client.js";
import { t } from "../i18n.js";
import { parseSearch, searchRequest } from "../search-address.js";
import { Icon } from "./icon.js";
import { MarkedText, splitRanges } from "./marked-text.js";

const LIST_FIELDS = ["aliases", "directors", "writers", "actors"];
const LIMIT = 20; // results among which the film is looked for

/** Show the search at the address `from`; nothing if it is not one with a text. */
export function SearchOrigin({ film, from }) {
  const search = parseOrigin(from);
  const matches = useMatches(film, search);
  if (!search) return null;
  return html`<aside class="film-origin" aria-label=${t("film.origin")}>
    <a class="film-back" href=${from} onClick=${goBack}>
      <${Icon} name="back" size=${18} />
      <span dir="auto">${t("film.back", { q: search.q })}</span>
    </a>
    ${matches && html`<${Reasons} film=${film} matches=${matches} />`}
  </aside>`;
}

/* Only texts that the view does not show as a heading anyway are worth a line. */
function Reasons({ film, matches }) {
  const reasons = [
    matches.title && [t("film.why.title"), marked(film.title, matches.title)],
    ...LIST_FIELDS.map((field) => matches[field] && [t(`film.why.${field}`), names(film, field, matches)]),
    matches.plot && [t("film.why.plot"), words(film.plot, matches.plot)],
  ].filter(Boolean);
  const text = reasons.length ? t("film.why") : t("film.why.similar");
  return html`<p class="film-why">
    ${text}${" "}
    ${reasons.flatMap(([label, value], index) => [
      index > 0 && " · ",
      `${label} `,
      html`<span dir="auto">${value}</span>`,
    ])}
  </p>`;
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
function useMatches(film, search) {
  const [matches, setMatches] = useState(null);
  useEffect(() => {
    if (!search) return undefined;
    const controller = new AbortController();
    const { params } = searchRequest({ ...search, sort: "relevance" });
    const { facets, ...filters } = params;
    const year = film.year ? { year_min: film.year, year_max: film.year } : {};
    const narrowedParams = { ...filters, ...year, limit: LIMIT };
    get("/search", { params: narrowedParams, signal: controller.signal }).then(
      ({ results }) => {
        const result = results.find(({ movie }) => movie.id === film.id);
        if (result) setMatches(result.matches);
      },
      () => null, // the film is shown all the same
    );
    return () => controller.abort();
  }, [film.id, search?.q]);
  return matches;
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
