export default {
  "search.results": "Suchergebnisse",
  "search.well_known": "Bekannte Filme",
  "search.browse": "Filme",
  "search.count": {
    "one": "{n} Film",
    "other": "{n} Filme"
  },
  "search.count_at_least": {
    "one": "mindestens {n} Film",
    "other": "mindestens {n} Filme"
  },
  "search.count_in": "{count} in {ms} ms",
  "search.showing": "Ergebnisse für {corrected}.",
  "search.instead": "Stattdessen nach „{q}“ suchen",
  "search.exact_only": "Gesucht wird genau nach diesen Wörtern. {link}",
  "search.tolerant": "Schreibfehler zulassen",
  "search.matched.some": "Kein Film hat alle diese Wörter. Diese haben einige davon:",
  "search.matched.similar": "Kein Film hat diese Wörter. Diese haben ähnliche:",
  "search.degraded": "Ein Teil der Suche ist nicht verfügbar",
  "search.degraded.detail": "Die Ergebnisse können unvollständig sein, bis dieser Teil wieder da ist.",
  "search.shown": "{shown} von {total}",
  "search.indexing": "Die Filme werden gerade indexiert und erscheinen hier gleich.",
  "search.none": "Kein Film gefunden",
  "search.none.filters": {
    "one": "Kein Film erfüllt diesen Filter. Ohne ihn gibt es vielleicht welche.",
    "other": "Kein Film erfüllt diese {n} Filter zugleich. Ohne sie gibt es vielleicht welche."
  },
  "search.none.advice": "Vielleicht helfen weniger Wörter, eine andere Schreibweise, der Originaltitel oder der Name der Regie.",
  "filters.title": "Filter",
  "filters.clear": "Alle entfernen",
  "filters.genre": "Genre",
  "filters.type": "Art",
  "filters.language": "Sprache",
  "filters.country": "Land",
  "filters.year": "Jahr",
  "filters.rating": "IMDb-Wertung",
  "filters.year_min": "Jahr von",
  "filters.year_max": "Jahr bis",
  "filters.rating_min": "Wertung von",
  "filters.rating_max": "Wertung bis",
  "filters.decade": {
    "one": "{decade}er: {n} Film",
    "other": "{decade}er: {n} Filme"
  },
  "filters.all": {
    "one": "Alle {n} zeigen",
    "other": "Alle {n} zeigen"
  },
  "filters.fewer": "Weniger zeigen",
  "filters.show": {
    "one": "{n} Film zeigen",
    "other": "{n} Filme zeigen"
  },
  "range.any": "{value}, unbegrenzt",
  "sort.label": "Sortieren nach",
  "sort.relevance": "Beste Treffer",
  "sort.well_known": "Bekanntheit",
  "sort.popularity": "Beliebtheit",
  "sort.-rating": "Beste Wertung",
  "sort.rating": "Schlechteste Wertung",
  "sort.-year": "Neueste zuerst",
  "sort.year": "Älteste zuerst",
  "sort.title": "Titel",
  "chips.label": "Gesetzte Filter",
  "chips.remove": "Filter {filter} entfernen",
  "chips.in": "Nur in: {fields}",
  "chips.in.title": "Titel",
  "chips.in.director": "Regie",
  "chips.in.cast": "Besetzung",
  "chips.in.writer": "Drehbuch",
  "chips.in.plot": "Handlung",
  "chips.runtime": "Bis {time}",
  "chips.year.from": "Ab {from}",
  "chips.year.to": "Bis {to}",
  "chips.year.between": "{from}–{to}",
  "chips.year.equal": "{value}",
  "chips.rating.from": "Wertung ab {from}",
  "chips.rating.to": "Wertung bis {to}",
  "chips.rating.between": "Wertung {from}–{to}",
  "chips.rating.equal": "Wertung {value}",
  "search.none.without": {
    "one": "{n} Film ohne Filter zeigen",
    "other": "{n} Filme ohne Filter zeigen"
  },
  "search.none.lookup": "„{title}“ bei OMDb nachschlagen",
  "search.none.lookup_failed": "Auch OMDb kennt ihn nicht"
};
