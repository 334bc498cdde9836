/* The results of the present search: asked for at each change, the newest request wins, and stored for
   coming back. */

import { useEffect, useMemo, useRef, useState } from "./lib.js";
import { apiUrl, get, isAborted } from "./client.js";
import { PAGE_SIZE, searchRequest } from "./search-address.js";

const MAX_STORED_SEARCHES = 20; // searches whose results stay in memory
const MAX_LIMIT = 96; // results of one request: whole pages, at most what the API allows

const storedResults = new Map();
let prefetched = null;

/** Return the results of `search` as `{data, error, isLoading, isLoadingMore, isStale, retry}`.
 *
 * Until the next answer is there, `data` is that of the search before, and `isStale`.
 */
export function useResults(search) {
  const { path, params } = searchRequest(search);
  const key = apiUrl(path, params);
  const [state, setState] = useState(() => ({ data: storedResults.get(key) ?? null, error: null }));
  const [attempt, setAttempt] = useState(0);
  const last = useRef(null);
  const wanted = search.page * PAGE_SIZE;
  const own = storedResults.get(key);
  const isComplete = own && (own.results.length >= wanted || !own.next);
  const data = own ?? state.data ?? last.current;
  last.current = data;
  useEffect(() => {
    if (isComplete) {
      setState({ data: own, error: null });
      return undefined;
    }
    const controller = new AbortController();
    const start = own && !state.error ? own : null;
    load(path, params, key, start, wanted, controller.signal).then(
      (loaded) => {
        if (!controller.signal.aborted) setState({ data: loaded, error: null });
      },
      (error) => {
        if (!isAborted(error) && !controller.signal.aborted) {
          setState((before) => ({ data: before.data, error: { key, error } }));
        }
      },
    );
    return () => controller.abort();
  }, [key, wanted, attempt]);
  const error = state.error?.key === key && !isComplete ? state.error.error : null;
  return useMemo(
    () => ({
      data,
      error,
      isLoading: !own && !error,
      isStale: data !== null && data !== own,
      isLoadingMore: Boolean(own) && !isComplete && !error,
      retry: () => {
        setState({ data, error: null });
        setAttempt((count) => count + 1);
      },
    }),
    [data, error, own, isComplete],
  );
}

/** Ask for the first page of a search before its view is shown; resolve when it is there.
 *
 * If that fails, the view asks again and reports the error.
 */
export function prefetchResults(search) {
  if (search.page > 1) return null; // the view asks for all of them at once
  const { path, params } = searchRequest(search);
  const key = apiUrl(path, params);
  const store = (page) => {
    if (prefetched?.key === key) keep(key, append(null, page, path));
    return page;
  };
  const answer = get(path, { params: { ...params, limit: PAGE_SIZE } }).then(store, () => null);
  prefetched = { key, answer };
  return answer;
}

/** Forget all results, for when films have changed. */
export const forgetResults = () => storedResults.clear();

async function load(path, params, key, start, wanted, signal) {
  let data = start;
  while (!data || (data.results.length < wanted && data.next)) {
    const offset = data?.results.length ?? 0;
    const isDeep = data && offset + PAGE_SIZE > 1000;
    const limit = Math.min(MAX_LIMIT, Math.max(PAGE_SIZE, wanted - offset));
    const page =
      (!data && (await takePrefetched(key))) ||
      (isDeep
        ? await get(data.next, { signal })
        : await get(path, { params: { ...params, limit, ...(offset ? { offset } : {}) }, signal }));
    data = append(data, page, path);
    keep(key, data);
  }
  return data;
}

/* The answer is taken once; null where there is none. */
function takePrefetched(key) {
  const answer = prefetched?.key === key ? prefetched.answer : null;
  prefetched = null;
  return answer;
}

function append(data, page, path) {
  const results =
    path === "/movies" ? page.results.map((movie) => ({ movie, matches: {} })) : page.results;
  if (!data) return { ...page, results };
  const shown = new Set(data.results.map(({ movie }) => movie.id));
  return {
    ...data,
    next: page.next,
    results: [...data.results, ...results.filter(({ movie }) => !shown.has(movie.id))],
  };
}

function keep(key, data) {
  storedResults.delete(key);
  storedResults.set(key, data);
  if (storedResults.size > MAX_STORED_SEARCHES) storedResults.delete(storedResults.keys().next().value);
}
