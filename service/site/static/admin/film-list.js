/* The films that a query finds, for lists to choose from. */

import { get } from "../client.js";
import { useLoaded } from "../loading.js";

const SHOWN_FILMS = 20;

/** Return the films that a query finds, the best known ones without one.
 *
 * `token` names the last write; the search waits a moment until the index has it.
 */
export function useFilms(query, token = null) {
  const { data, error, reload } = useLoaded((signal) => loadFilms(query, token, signal), [query]);
  return { films: data, error, retry: reload };
}

async function loadFilms(query, token, signal) {
  const q = query.trim();
  if (!q) return (await get("/movies", { params: { limit: SHOWN_FILMS }, signal })).results;
  const params = { q, limit: SHOWN_FILMS, after: token };
  return (await get("/search", { params, signal })).results.map(({ movie }) => movie);
}
