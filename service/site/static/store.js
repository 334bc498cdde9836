/* A value that components can subscribe to. */

import { useEffect, useReducer } from "./lib.js";

/** Return a store: `get`, `set`, and `subscribe`, which returns the function that ends it. */
export function createStore(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Return the store's value; the component renders again whenever it changes. */
export function useStore(store) {
  const [, renderAgain] = useReducer((count) => count + 1, 0);
  const value = store.get();
  useEffect(() => {
    if (store.get() !== value) renderAgain(); // an effect of a child has changed it meanwhile
    return store.subscribe(renderAgain);
  }, [store]);
  return value;
}
