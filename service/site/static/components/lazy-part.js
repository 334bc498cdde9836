/* A part of a view that is loaded once the view is shown. The view is whole without it. */

import { html, useEffect, useRef, useState } from "../lib.js";

const NEAR = "300px"; // below the window: it is there when one scrolls to it

/**
 * Show the default export of the module that `load()` imports; other properties are its own.
 * With `isBelow` it is loaded only when one scrolls near it.
 */
export function LazyPart({ load, isBelow = false, ...properties }) {
  const [part, setPart] = useState(null);
  const place = useRef(null);
  useEffect(() => {
    let isShown = true;
    let observer = null;
    const show = (module) => isShown && setPart(() => module.default);
    const start = () => load().then(show, () => null);
    if (isBelow) observer = startWhenNear(place.current, start);
    else start();
    return () => {
      isShown = false;
      observer?.disconnect();
    };
  }, []);
  if (part) return html`<${part} ...${properties} />`;
  return isBelow && html`<div ref=${place} class="lazy-part"></div>`;
}

/* Call `start` once the element is near the window. */
function startWhenNear(element, start) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      start();
    },
    { rootMargin: NEAR },
  );
  observer.observe(element);
  return observer;
}
