/* The filters of a search: lists of values with counts, the years as a histogram, the rating. */

import { html, useEffect, useState } from "../lib.js";
import { get } from "../client.js";
import { formatNumber, formatRating } from "../format.js";
import { t } from "../i18n.js";
import { countFilters, toggleValue } from "../search-address.js";
import { createStore, useStore } from "../store.js";
import { valueName } from "./facet-names.js";
import { RangeSlider } from "./range-slider.js";

const SHOWN_VALUES = 8;
const CURRENT_YEAR = new Date().getFullYear();
const FALLBACK_YEARS = [1900, CURRENT_YEAR];

/* The years of the whole catalogue, so that the slider's ends do not move with every search. */
const catalogueYears = createStore(null);
let yearsRequest = null;

/** Show all filters.
 *
 * Args:
 *   facets: the counts of the present results, if they are there.
 *   onChange: called with the changed parts of the search.
 *   idPrefix: distinguishes the ids of two copies.
 */
export function Filters({ search, facets, onChange, idPrefix }) {
  const list = (name, options) =>
    html`<${ValueFilter}
      name=${name}
      search=${search}
      counts=${facets?.[name]}
      onChange=${onChange}
      idPrefix=${idPrefix}
      ...${options}
    />`;
  return html`<div class="filters">
    ${list("genre")}
    <${YearFilter} search=${search} counts=${facets?.decade} onChange=${onChange} />
    <${RatingFilter} search=${search} counts=${facets?.rating} onChange=${onChange} />
    ${list("type", { isOptional: true })} ${list("language", { isOptional: true })}
    ${list("country", { isOptional: true })}
  </div>`;
}

function ValueFilter({ name, search, counts, onChange, idPrefix, isOptional = false }) {
  const [isExpanded, setExpanded] = useState(false);
  const activeValues = search[name];
  const values = addMissingValues(counts ?? [], activeValues);
  if (!values.length || (isOptional && values.length < 2 && !activeValues.length)) return null;
  const shown = isExpanded ? values : values.filter(isShownAtFirst(activeValues));
  return html`<fieldset class="filter">
    <legend>${t(`filters.${name}`)}</legend>
    ${shown.map(
      ({ value, count }) => html`<label class="filter-value" key=${value}>
        <input
          type="checkbox"
          id=${`${idPrefix}-${name}-${value}`}
          checked=${activeValues.includes(value)}
          onChange=${() => onChange(toggleValue(search, name, value))}
        />
        <span class="filter-name" dir="auto">${valueName(name, value)}</span>
        <span class="filter-count">${formatNumber(count)}</span>
      </label>`,
    )}
    ${values.length > SHOWN_VALUES &&
    html`<button
      type="button"
      class="filter-more"
      aria-expanded=${String(isExpanded)}
      onClick=${() => setExpanded(!isExpanded)}
    >
      ${isExpanded ? t("filters.fewer") : t("filters.all", { n: values.length })}
    </button>`}
  </fieldset>`;
}

const isShownAtFirst = (activeValues) => ({ value }, index) =>
  index < SHOWN_VALUES || activeValues.includes(value);

/* A value that is filtered by stays in the list even if no film has it now: the spelling in an
   address may differ. */
function addMissingValues(counts, activeValues) {
  const listedValues = new Set(counts.map(({ value }) => value));
  const missingValues = activeValues.filter((value) => !listedValues.has(value));
  return [...counts, ...missingValues.map((value) => ({ value, count: 0 }))];
}

function YearFilter({ search, counts, onChange }) {
  const years = useStore(catalogueYears) ?? FALLBACK_YEARS;
  useEffect(() => {
    if (counts) noteYears(search, counts);
  }, [counts]);
  const decades = (counts ?? []).map(({ value }) => Number(value));
  const minimum = Math.min(years[0], ...decades, search.year_min ?? years[0]);
  const maximum = Math.max(years[1], search.year_max ?? 0, (search.year_min ?? 0) + 1);
  return html`<${RangeSlider}
    legend=${t("filters.year")}
    labels=${[t("filters.year_min"), t("filters.year_max")]}
    minimum=${minimum}
    maximum=${maximum}
    step=${1}
    values=${[search.year_min, search.year_max]}
    format=${String}
    bars=${(counts ?? []).map(({ value, count }) => ({
      start: Number(value),
      end: Number(value) + 10,
      count,
      label: t("filters.decade", { decade: value, n: count }),
    }))}
    onChange=${([year_min, year_max]) => onChange({ year_min, year_max })}
  />`;
}

/* The decades of all films are those of a list without text and filters; else they are asked for. A
   failure leaves the fallback; the search itself reports that the service is unavailable. */
function noteYears(search, counts) {
  if (catalogueYears.get()) return;
  if (!search.q && countFilters(search) === 0) {
    storeYears(counts);
    return;
  }
  yearsRequest ??= get("/movies", { params: { limit: 1, facets: "decade" } }).then(
    ({ facets }) => storeYears(facets.decade),
    () => (yearsRequest = null),
  );
}

function storeYears(counts) {
  const decades = counts.map(({ value }) => Number(value));
  if (!decades.length) return;
  const last = Math.max(...decades);
  catalogueYears.set([Math.min(...decades), Math.max(last, Math.min(last + 9, CURRENT_YEAR))]);
}

function RatingFilter({ search, counts, onChange }) {
  return html`<${RangeSlider}
    legend=${t("filters.rating")}
    labels=${[t("filters.rating_min"), t("filters.rating_max")]}
    minimum=${0}
    maximum=${10}
    step=${0.5}
    values=${[search.rating_min, search.rating_max]}
    format=${formatRating}
    bars=${(counts ?? []).map(({ value, count }) => ({ start: value, end: value + 1, count }))}
    onChange=${([rating_min, rating_max]) => onChange({ rating_min, rating_max })}
  />`;
}
