/* Values that a component reads, once or again and again, and actions that it starts. */

import { useEffect, useRef, useState } from "./lib.js";
import { isAborted } from "./client.js";

/** Return what `load(signal)` gave (`data`), its `error`, and `reload` to read it again.
 *
 * What was there stays until the next value is; it is also read again when a value of `keys` changes.
 */
export function useLoaded(load, keys = []) {
  const [state, setState] = useState({ data: null, error: null });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    load(controller.signal).then(
      (data) => !controller.signal.aborted && setState({ data, error: null }),
      (error) => !isAborted(error) && setState((last) => ({ ...last, error })),
    );
    return () => controller.abort();
  }, [...keys, attempt]);
  return { ...state, reload: () => setAttempt((count) => count + 1) };
}

/** Return the rows of a list that comes in pages, as `{rows, first, total, error, reload, more}`.
 *
 * `load(params, signal)` reads a page, `first` is the first one, and `more` is the action that reads the next one, or null.
 */
export function usePages(load, params) {
  const { data: first, error, reload } = useLoaded(
    (signal) => load(params, signal),
    [JSON.stringify(params)],
  );
  const [later, setLater] = useState({ first: null, pages: [] });
  const pages = first ? [first, ...(later.first === first ? later.pages : [])] : [];
  const next = pages.at(-1)?.next;
  const action = useAction(async () => {
    const nextParams = Object.fromEntries(new URL(next, location.origin).searchParams);
    const page = await load(nextParams);
    setLater({ first, pages: [...pages.slice(1), page] });
  });
  return {
    rows: first && pages.flatMap(({ results }) => results),
    first,
    total: first?.total.value,
    error,
    reload,
    more: next ? action : null,
  };
}

/** Return what `useLoaded` does of a value that is read again and again, as long as the page is visible.
 *
 * `interval(data)` is how many milliseconds pass between two reads; after `Infinity`, only `reload` reads.
 */
export function usePolled(load, interval) {
  const [state, setState] = useState({ data: null, error: null });
  const poll = useRef(null);
  useEffect(() => {
    poll.current = startPolling(load, interval, setState);
    return poll.current.stop;
  }, []);
  return { ...state, reload: () => poll.current.run() };
}

function startPolling(load, interval, setState) {
  let timer = 0;
  let controller = null;
  const read = async () => {
    clearTimeout(timer);
    controller?.abort();
    const own = (controller = new AbortController());
    let pause = interval(null);
    try {
      const data = await load(own.signal);
      pause = interval(data);
      if (!own.signal.aborted) setState({ data, error: null });
    } catch (error) {
      if (!isAborted(error)) setState((last) => ({ ...last, error }));
    }
    if (own.signal.aborted || pause === Infinity) return;
    timer = setTimeout(() => !document.hidden && read(), pause);
  };
  const readIfVisible = () => !document.hidden && read();
  document.addEventListener("visibilitychange", readIfVisible);
  read();
  return {
    run: read,
    stop() {
      document.removeEventListener("visibilitychange", readIfVisible);
      clearTimeout(timer);
      controller.abort();
    },
  };
}

/** Return a function that runs an action once at a time, whether it runs, and its error. */
export function useAction(action) {
  const [state, setState] = useState({ isBusy: false, error: null });
  const run = async (...args) => {
    setState({ isBusy: true, error: null });
    try {
      await action(...args);
      setState({ isBusy: false, error: null });
    } catch (error) {
      setState({ isBusy: false, error });
    }
  };
  return { ...state, run };
}
