/* Placeholders while content loads. They appear only when loading takes long enough to be noticed. */

import { html, useEffect, useState } from "../lib.js";

const DELAY_MS = 150;

/** Return whether `isPending` has been true for longer than a moment. */
export function useDelayed(isPending, delay = DELAY_MS) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    if (!isPending) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), delay);
    return () => clearTimeout(timer);
  }, [isPending]);
  return isPending && isLate;
}

/** Draw a grey box in place of something that loads. */
export function Skeleton({ width = "100%", height = "1em", radius }) {
  return html`<div
    class="skeleton"
    aria-hidden="true"
    style=${{ width, height, ...(radius ? { borderRadius: radius } : {}) }}
  />`;
}
