/* Lists of things with something to do about each. */

import { html, loadStyle } from "../lib.js";

await loadStyle("rows");

/** Show a list of `Row`s. */
export function Rows({ children, label }) {
  return html`<ul class="rows" aria-label=${label}>
    ${children}
  </ul>`;
}

/** Show one thing: its name, facts below it, and at the side what can be done about it. */
export function Row({ title, children, side, ...attributes }) {
  return html`<li class="row" ...${attributes}>
    <div class="row-text">
      <span class="row-title" dir="auto">${title}</span>
      ${children}
    </div>
    ${side}
  </li>`;
}
