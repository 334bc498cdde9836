/* Films that were shown lately, so that one opens at once while it is asked for again. */

const MAX_KEPT = 50;

const kept = new Map();

/** Keep a film under its ids, and under the name that it was asked for by. */
export function rememberFilm(film, name = film.id) {
  for (const key of new Set([name, film.id, film.imdb_id])) {
    if (!key) continue;
    kept.delete(key);
    kept.set(key, film);
  }
  while (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
}

/** Return the film that was last shown under this name, or null. */
export const recallFilm = (name) => kept.get(name) ?? null;

/** Forget a film, for when it is gone. */
export const forgetFilm = (name) => kept.delete(name);
