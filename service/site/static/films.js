/* Films that were shown lately, so that one opens at once while it is asked for again. */

const MAX_RECENT_FILMS = 50;

const recentFilms = new Map();

/** Keep a film under its ids, and under the name that it was asked for by. */
export function rememberFilm(film, name = film.id) {
  for (const key of new Set([name, film.id, film.imdb_id])) {
    if (!key) continue;
    recentFilms.delete(key);
    recentFilms.set(key, film);
  }
  while (recentFilms.size > MAX_RECENT_FILMS) recentFilms.delete(recentFilms.keys().next().value);
}

/** Return the film that was last shown under this name, or null. */
export const recallFilm = (name) => recentFilms.get(name) ?? null;

/** Forget a film, for when it is gone. */
export const forgetFilm = (name) => recentFilms.delete(name);
