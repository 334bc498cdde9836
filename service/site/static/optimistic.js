/* Values that a reader changes: a change shows at once, and is taken back if it fails. */

import { useRef, useState } from "./lib.js";
import { useLoaded } from "./loading.js";

const NONE = {};

/** Return a value that `load(signal)` reads, as `{value, saved, error, reload, save}`.
 *
 * `save(next, send)` shows `next` while `send()` saves it; what `send` resolves to, if anything, is the
 * value from then on. Changes are sent one after the other. `value` is what is shown, `saved` what the
 * service has; both are null until the first answer.
 */
export function useOptimistic(load, keys = []) {
  const loaded = useLoaded(load, keys);
  const [last, setLast] = useState({ data: NONE, value: null });
  const [pending, setPending] = useState(null);
  const [failure, setFailure] = useState(null);
  const queue = useRef(Promise.resolve());
  const saved = last.data === loaded.data ? last.value : loaded.data;
  const save = (next, send) => {
    const change = { value: next };
    setPending(change);
    setFailure(null);
    queue.current = queue.current.then(async () => {
      try {
        const value = (await send()) ?? next;
        setLast({ data: loaded.data, value });
      } catch (error) {
        setFailure(error);
      }
      setPending((current) => (current === change ? null : current));
    });
  };
  return {
    value: pending ? pending.value : saved,
    saved,
    error: loaded.error ?? failure,
    reload: loaded.reload,
    isUnread: loaded.error !== null,
    save,
  };
}
