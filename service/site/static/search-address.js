/* A search as its address says it, and as the API is asked for it. */

/** Filters that take several values; the address repeats the parameter. */
export const LIST_FILTERS = ["genre", "type", "language", "country", "director", "writer", "actor"];

/** Filters of one number. */
export const NUMBER_FILTERS = ["year_min", "year_max", "rating_min", "rating_max", "runtime_max"];

/** Parts of a film that a text may be looked for in; without a choice, titles and people. */
export const SEARCH_FIELDS = ["title", "director", "cast", "writer", "plot"];

export const SORTS = ["relevance", "popularity", "-rating", "rating", "-year", "year", "title"];
export const PAGE_SIZE = 24;
export const FACETS = ["genre", "type", "decade", "rating", "language", "country"];

const MAX_LIST_VALUES = 20; // of one filter, as the API allows
const MAX_DEPTH = 1000; // results, as the API allows

/** Return the search of an address's parameters; what the API would refuse is left out. */
export function parseSearch(params) {
  const search = { q: (params.get("q") ?? "").trim(), sort: "relevance", page: 1, typo: "auto" };
  for (const name of LIST_FILTERS) {
    const values = params.getAll(name).map((value) => value.trim());
    search[name] = [...new Set(values.filter(Boolean))].slice(0, MAX_LIST_VALUES);
  }
  for (const name of NUMBER_FILTERS) search[name] = parseNumber(name, params.get(name));
  const fields = params.getAll("in").flatMap((value) => value.split(","));
  search.in = search.q ? SEARCH_FIELDS.filter((field) => fields.includes(field)) : [];
  orderRange(search, "year_min", "year_max");
  orderRange(search, "rating_min", "rating_max");
  if (SORTS.includes(params.get("sort"))) search.sort = params.get("sort");
  if (params.get("typo") === "off") search.typo = "off";
  const page = Number(params.get("page"));
  if (Number.isInteger(page) && page > 1) search.page = Math.min(page, maxPage());
  return search;
}

/** Return the address of a search: `/`, with what differs from the defaults. */
export function searchAddress(search) {
  const params = new URLSearchParams();
  if (search.q) params.set("q", search.q);
  if (search.q && search.in?.length) params.set("in", search.in.join(","));
  for (const name of LIST_FILTERS) {
    for (const value of search[name] ?? []) params.append(name, value);
  }
  for (const name of NUMBER_FILTERS) {
    if (search[name] !== null && search[name] !== undefined) params.set(name, search[name]);
  }
  if (search.sort && search.sort !== "relevance") params.set("sort", search.sort);
  if (search.q && search.typo === "off") params.set("typo", "off");
  if (search.page > 1) params.set("page", search.page);
  const query = params.toString();
  return query ? `/?${query}` : "/";
}

/** Return the request of a search: its path and parameters without a page. */
export function searchRequest(search) {
  const params = { facets: FACETS.join(",") };
  for (const name of [...LIST_FILTERS, ...NUMBER_FILTERS]) {
    const value = search[name];
    if (value !== null && value !== undefined && value.length !== 0) params[name] = value;
  }
  if (search.sort !== "relevance") params.sort = search.sort;
  if (!search.q) return { path: "/movies", params };
  params.q = search.q;
  if (search.in.length) params.in = search.in.join(",");
  if (search.typo === "off") params.typo = "off";
  return { path: "/search", params };
}

/** Return the search without any filter. */
export function withoutFilters(search) {
  const cleared = { ...search, in: [], page: 1 };
  for (const name of LIST_FILTERS) cleared[name] = [];
  for (const name of NUMBER_FILTERS) cleared[name] = null;
  return cleared;
}

/** Return how many filters are set; the two ends of a range count as one. */
export function countFilters(search) {
  const isSet = (name) => search[name] !== null;
  return (
    LIST_FILTERS.reduce((count, name) => count + search[name].length, 0) +
    Number(search.in.length > 0) +
    Number(isSet("year_min") || isSet("year_max")) +
    Number(isSet("rating_min") || isSet("rating_max")) +
    Number(isSet("runtime_max"))
  );
}

/** Return the search with a value of a list filter added, or removed if it is there. */
export function toggleValue(search, name, value) {
  const values = search[name].includes(value)
    ? search[name].filter((other) => other !== value)
    : [...search[name], value];
  return { ...search, [name]: values, page: 1 };
}

/** Return the number of pages that an address can restore. */
export const maxPage = () => Math.floor(MAX_DEPTH / PAGE_SIZE);

const LIMITS = {
  year_min: [1800, 2200],
  year_max: [1800, 2200],
  rating_min: [0, 10],
  rating_max: [0, 10],
  runtime_max: [1, 100_000],
};

function parseNumber(name, text) {
  if (!text?.trim()) return null;
  const value = Number(text);
  const [minimum, maximum] = LIMITS[name];
  const isWhole = name.startsWith("rating") || Number.isInteger(value);
  return isWhole && value >= minimum && value <= maximum ? value : null;
}

function orderRange(search, lower, upper) {
  const [minimum, maximum] = [search[lower], search[upper]];
  if (minimum !== null && maximum !== null && minimum > maximum) {
    search[lower] = maximum;
    search[upper] = minimum;
  }
}
