/* The films that a query finds, for lists to choose from. */

import { useEffect, useState } from "../lib.js";
import { get, isAborted } from "../client.js";

const SHOWN_FILMS = 20;

/** Return the films that a query finds, the best known ones without one.
 *
 * `token` names the last write; the search waits a moment until the index has it.
 */
export function useFilms(query, token = null) {
  const [state, setState] = useState({ films: null, error: null });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    loadFilms(query, token, controller.signal).then(
      (films) => setState({ films, error: null }),
      (error) => !isAborted(error) && setState((old) => ({ ...old, error })),
    );
    return () => controller.abort();
  }, [query, attempt]);
  return { ...state, retry: () => setAttempt((count) => count + 1) };
}

async function loadFilms(query, token, signal) {
  const q = query.trim();
  if (!q) return (await get("/movies", { params: { limit: SHOWN_FILMS }, signal })).results;
  const params = { q, limit: SHOWN_FILMS, after: token };
  return (await get("/search", { params, signal })).results.map(({ movie }) => movie);
}
