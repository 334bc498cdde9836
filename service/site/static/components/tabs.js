/* The parts of a view, each at an address of its own. */

import { html, loadStyle, useLayoutEffect, useRef } from "../lib.js";

await loadStyle("tabs");

/** Show links to the parts; the first of `names` is what the view's own address shows.
 *
 * `title(name)` is the text of a link.
 */
export function Tabs({ label, address, names, current, title }) {
  const nav = useRef(null);
  useLayoutEffect(() => {
    const link = nav.current.querySelector("[aria-current]");
    nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.clientWidth) / 2;
  }, [current]);
  return html`<nav class="tabs" ref=${nav} aria-label=${label}>
    ${names.map(
      (name, index) => html`<a
        key=${name}
        href=${index === 0 ? address : `${address}?tab=${name}`}
        aria-current=${name === current ? "page" : null}
        >${title(name)}</a
      >`,
    )}
  </nav>`;
}

/** Return which of the parts `names` an address shows. */
export function readTab(params, names) {
  const name = params.get("tab");
  return names.includes(name) ? name : names[0];
}
