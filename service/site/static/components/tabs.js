/* The parts of a view, each at an address of its own. */

import { html, loadStyle } from "../lib.js";

await loadStyle("tabs");

/** Show links to the parts; the first of `names` is what the view's own address shows.
 *
 * `title(name)` is the text of a link.
 */
export function Tabs({ label, address, names, current, title }) {
  return html`<nav class="tabs" aria-label=${label}>
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
