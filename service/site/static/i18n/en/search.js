export default {
  "search.results": "Search results",
  "search.well_known": "Well-known films",
  "search.browse": "Films",
  "search.count": {
    "one": "{n} film",
    "other": "{n} films"
  },
  "search.count_at_least": {
    "one": "at least {n} film",
    "other": "at least {n} films"
  },
  "search.count_in": "{count} in {ms} ms",
  "search.showing": "Showing results for {corrected}.",
  "search.instead": "Search instead for “{q}”",
  "search.exact_only": "Searching for exactly these words. {link}",
  "search.tolerant": "Tolerate misspellings",
  "search.matched.some": "No film has all of these words. These have some of them:",
  "search.matched.similar": "No film has these words. These are spelt similarly:",
  "search.degraded": "A part of the search is unavailable",
  "search.degraded.detail": "The results may be incomplete. They are complete again as soon as that part is back.",
  "search.shown": "{shown} of {total}",
  "search.indexing": "The films are being indexed and appear here in a moment.",
  "search.none": "No film found",
  "search.none.filters": {
    "one": "No film meets this filter. Without it there may be some.",
    "other": "No film meets these {n} filters together. Without them there may be some."
  },
  "search.none.advice": "Try fewer words, another spelling, the original title, or the director’s name.",
  "filters.title": "Filters",
  "filters.clear": "Clear all",
  "filters.genre": "Genre",
  "filters.type": "Type",
  "filters.language": "Language",
  "filters.country": "Country",
  "filters.year": "Year",
  "filters.rating": "IMDb rating",
  "filters.year_min": "Year from",
  "filters.year_max": "Year to",
  "filters.rating_min": "Rating from",
  "filters.rating_max": "Rating to",
  "filters.decade": {
    "one": "{decade}s: {n} film",
    "other": "{decade}s: {n} films"
  },
  "filters.all": {
    "one": "Show all {n}",
    "other": "Show all {n}"
  },
  "filters.fewer": "Show fewer",
  "filters.show": {
    "one": "Show {n} film",
    "other": "Show {n} films"
  },
  "range.any": "{value}, no limit",
  "sort.label": "Sort by",
  "sort.relevance": "Best match",
  "sort.well_known": "Best known",
  "sort.popularity": "Popularity",
  "sort.-rating": "Highest rated",
  "sort.rating": "Lowest rated",
  "sort.-year": "Newest first",
  "sort.year": "Oldest first",
  "sort.title": "Title",
  "chips.label": "Filters that are set",
  "chips.remove": "Remove filter {filter}",
  "chips.in": "Only in: {fields}",
  "chips.in.title": "title",
  "chips.in.director": "director",
  "chips.in.cast": "cast",
  "chips.in.writer": "writer",
  "chips.in.plot": "plot",
  "chips.runtime": "Up to {time}",
  "chips.year.from": "From {from}",
  "chips.year.to": "Until {to}",
  "chips.year.between": "{from}–{to}",
  "chips.year.equal": "{value}",
  "chips.rating.from": "Rated {from} or higher",
  "chips.rating.to": "Rated {to} or lower",
  "chips.rating.between": "Rated {from}–{to}",
  "chips.rating.equal": "Rated {value}",
  "search.none.without": {
    "one": "Show {n} film without filters",
    "other": "Show {n} films without filters"
  },
  "search.none.lookup": "Look “{title}” up in OMDb",
  "search.none.lookup_failed": "OMDb does not have it either"
};
