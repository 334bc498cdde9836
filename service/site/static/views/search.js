/* Search and browsing: filters, results, and what to do where there are none. */

import { html, useEffect, useState } from "../lib.js";
import { Chips } from "../components/chips.js";
import { Dialog } from "../components/dialog.js";
import { EmptyState } from "../components/empty-state.js";
import { valueName } from "../components/facet-names.js";
import { FilmCard } from "../components/film-card.js";
import { Filters } from "../components/filters.js";
import { Icon } from "../components/icon.js";
import { announce } from "../components/live-region.js";
import { LazyPart } from "../components/lazy-part.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { SetupHint, useSetup } from "../components/setup-hint.js";
import { Skeleton, useDelayed } from "../components/skeleton.js";
import { formatNumber } from "../format.js";
import { t, tParts } from "../i18n.js";
import { navigate, route, useSettled } from "../router.js";
import { SORTS, countFilters, parseSearch, searchAddress, withoutFilters } from "../search-address.js";
import { forgetResults, prefetchResults, useResults } from "../search-results.js";

const EAGER_POSTERS = 6; // those that are probably visible at once
const QUICK_GENRES = 10;

const loadDiscovery = () => import("../components/discovery.js");

const opened = route.get();

/** Resolves when the results of the address that the page was opened at are there: they are asked
    for while the messages are still loading. */
export const ready = opened.path === "/" ? prefetchResults(parseSearch(opened.params)) : null;

/** Show the search of the address. */
export default function SearchView({ entry }) {
  const search = parseSearch(entry.params);
  const results = useResults(search);
  const change = (changes, options = { keep: true }) =>
    navigate(searchAddress({ ...search, page: 1, ...changes }), options);
  useSettled(results.data !== null && !results.isLoading && !results.isLoadingMore);
  useTitle(search);
  useAnnouncement(results);
  const isHome = !search.q && countFilters(search) === 0;
  const hasResults = results.data === null || results.data.total.value > 0;
  const setup = useSetup(isHome, hasResults, () => {
    forgetResults();
    results.retry();
  });
  const isEmpty = results.data?.total.value === 0 && countFilters(search) === 0;
  const hasNoFilms = isHome && isEmpty && setup?.films === "none";
  const isIndexing = isHome && isEmpty && setup !== null && !hasNoFilms;
  return html`<div class="search-layout">
    <aside class="search-filters" aria-label=${t("filters.title")}>
      ${!isEmpty &&
      html`<${Filters} search=${search} facets=${results.data?.facets} onChange=${change} idPrefix="side" />`}
    </aside>
    <section class="search-results" aria-busy=${results.isLoading ? "true" : null}>
      ${isHome && html`<${SetupHint} setup=${setup} />`}
      ${!hasNoFilms && html`<${Toolbar} search=${search} results=${results} onChange=${change} />`}
      <${QuickGenres} search=${search} facets=${results.data?.facets} />
      <${Correction} search=${search} data=${results.data} />
      <${MatchLevel} search=${search} data=${results.data} />
      <${Degraded} data=${results.data} />
      ${results.error && html`<${ErrorNotice} error=${results.error} onRetry=${results.retry} />`}
      ${isIndexing && html`<p class="muted">${t("search.indexing")}</p>`}
      ${!hasNoFilms && !isIndexing && html`<${FilmList} search=${search} results=${results} />`}
      ${isHome && results.data !== null && html`<${LazyPart} load=${loadDiscovery} isBelow />`}
    </section>
  </div>`;
}

function useTitle({ q }) {
  useEffect(() => {
    document.title = q ? `${q} · ${t("page.name")}` : t("page.title");
  });
}

function useAnnouncement({ data, isLoading, error }) {
  useEffect(() => {
    if (data && !isLoading && !error) announce(countText(data));
  }, [data, isLoading]);
}

function countText({ total }) {
  const key = total.relation === "gte" ? "search.count_at_least" : "search.count";
  return t(key, { n: total.value });
}

function Toolbar({ search, results, onChange }) {
  const data = results.error && results.isStale ? null : results.data;
  const [isSheetOpen, setSheetOpen] = useState(false);
  const isHome = !search.q && countFilters(search) === 0;
  const heading = search.q ? t("search.results") : t(isHome ? "search.well_known" : "search.browse");
  return html`<div class="toolbar">
    <h1 class=${search.q ? "hidden-text" : "toolbar-title"}>${heading}</h1>
    <p class="toolbar-count muted">${data && resultText(search, data)}</p>
    <${Chips} search=${search} onChange=${onChange} />
    <div class="toolbar-side">
      <button
        type="button"
        id="open-filters"
        class="button filters-button"
        aria-haspopup="dialog"
        onClick=${() => setSheetOpen(true)}
      >
        <${Icon} name="filter" size=${18} /> ${t("filters.title")}
        ${countFilters(search) > 0 && html`<span class="badge">${countFilters(search)}</span>`}
      </button>
      <label class="sort">
        <span class="hidden-text">${t("sort.label")}</span>
        <select
          id="sort"
          class="select"
          value=${search.sort}
          onChange=${(event) => onChange({ sort: event.target.value })}
        >
          ${SORTS.map(
            (sort) => html`<option key=${sort} value=${sort}>
              ${t(sort === "relevance" && !search.q ? "sort.well_known" : `sort.${sort}`)}
            </option>`,
          )}
        </select>
      </label>
    </div>
    ${isSheetOpen &&
    html`<${FilterSheet}
      search=${search}
      data=${data}
      onChange=${onChange}
      onClose=${() => setSheetOpen(false)}
    />`}
  </div>`;
}

function FilterSheet({ search, data, onChange, onClose }) {
  const foot = html`<button
      type="button"
      class="button"
      disabled=${countFilters(search) === 0}
      onClick=${() => onChange(withoutFilters(search))}
    >
      ${t("filters.clear")}
    </button>
    <button type="button" class="button button-primary" onClick=${onClose}>
      ${data ? t("filters.show", { n: data.total.value }) : t("dialog.close")}
    </button>`;
  return html`<${Dialog} title=${t("filters.title")} onClose=${onClose} foot=${foot}>
    <${Filters} search=${search} facets=${data?.facets} onChange=${onChange} idPrefix="sheet" />
  <//>`;
}

function resultText(search, data) {
  if (data.took_ms === undefined) return countText(data);
  const took = data.took_ms < 10 ? Math.round(data.took_ms * 10) / 10 : Math.round(data.took_ms);
  return t("search.count_in", { count: countText(data), ms: formatNumber(took) });
}

/* On a phone, where the filters are in a sheet: the largest genres, to browse by. */
function QuickGenres({ search, facets }) {
  if (search.q || countFilters(search) > 0 || !facets?.genre?.length) return null;
  return html`<nav class="quick-genres" aria-label=${t("filters.genre")}>
    ${facets.genre.slice(0, QUICK_GENRES).map(
      ({ value }) => html`<a class="chip" key=${value} href=${searchAddress({ ...search, genre: [value], page: 1 })}>
        ${valueName("genre", value)}
      </a>`,
    )}
  </nav>`;
}

/* "Showing results for …", where the spelling was corrected. */
function Correction({ search, data }) {
  if (!search.q || !data || data.query !== search.q) return null;
  if (search.typo === "off") {
    const link = html`<a href=${searchAddress({ ...search, typo: "auto", page: 1 })}>${t("search.tolerant")}</a>`;
    return html`<p class="correction">${tParts("search.exact_only", { link })}</p>`;
  }
  if (!data.did_you_mean) return null;
  const corrected = html`<a
    class="correction-text"
    dir="auto"
    href=${searchAddress({ ...search, q: data.did_you_mean, page: 1 })}
    >${data.did_you_mean}</a
  >`;
  const typed = html`<a href=${searchAddress({ ...search, typo: "off", page: 1 })}>
    ${t("search.instead", { q: search.q })}
  </a>`;
  return html`<p class="correction">${tParts("search.showing", { corrected })} ${typed}</p>`;
}

/* That the film is probably not here, in one sentence. */
function MatchLevel({ search, data }) {
  if (data?.query !== search.q || !data?.matched || data.matched === "all") return null;
  return html`<p class="match-level muted">${t(`search.matched.${data.matched}`)}</p>`;
}

function Degraded({ data }) {
  if (!data?.degraded?.length) return null;
  return html`<${Notice} kind="warning" title=${t("search.degraded")}>
    ${t("search.degraded.detail")}
  <//>`;
}

function FilmList({ search, results }) {
  const { data, isLoading, isLoadingMore, isStale, error } = results;
  const isLate = useDelayed(isLoading && !data);
  if (error && isStale) return null;
  if (!data) return isLate ? html`<${CardSkeletons} />` : null;
  if (!data.results.length) return isLoading || error ? null : html`<${EmptyState} search=${search} />`;
  return html`<ul class="film-grid">
      ${data.results.map(
        ({ movie, matches }, index) =>
          html`<li key=${movie.id}>
            <${FilmCard} film=${movie} matches=${matches} eager=${index < EAGER_POSTERS} />
          </li>`,
      )}
    </ul>
    ${data.next &&
    html`<div class="more">
      <p class="muted">
        ${t("search.shown", { shown: formatNumber(data.results.length), total: formatNumber(data.total.value) })}
      </p>
      <button
        type="button"
        id="show-more"
        class="button"
        disabled=${isLoading || isLoadingMore}
        onClick=${() => navigate(searchAddress({ ...search, page: search.page + 1 }), { replace: true })}
      >
        ${t(isLoadingMore ? "page.loading" : "page.more")}
      </button>
    </div>`}`;
}

function CardSkeletons() {
  return html`<div class="film-grid" aria-hidden="true">
    ${Array.from({ length: 6 }, (_, index) => html`<div class="film-card" key=${index}>
      <${Skeleton} width="96px" height="144px" radius="8px" />
      <div class="film-card-text skeleton-lines">
        <${Skeleton} width="80%" height="20px" />
        <${Skeleton} width="60%" height="14px" />
        <${Skeleton} width="40%" height="14px" />
      </div>
    </div>`)}
  </div>`;
}

