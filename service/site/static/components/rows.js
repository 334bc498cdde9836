/* Lists of things with something to do about each. */

import { html, loadStyle } from "../lib.js";
import { t } from "../i18n.js";
import { ErrorNotice } from "./notice.js";
import { Skeleton, useDelayed } from "./skeleton.js";

await loadStyle("rows");

/** Show a list of `Row`s. */
export function Rows({ children, label }) {
  return html`<ul class="rows" aria-label=${label}>
    ${children}
  </ul>`;
}

/** Show one thing: its name, facts below it, what stands before it, and at the side what can be done. */
export function Row({ title, children, lead, side, ...attributes }) {
  return html`<li class="row" ...${attributes}>
    ${lead}
    <div class="row-text">
      <span class="row-title" dir="auto">${title}</span>
      ${children}
    </div>
    ${side}
  </li>`;
}

/** Show the rows of `usePages`, their errors, and the button for more; `none` is said of no rows. */
export function PagedRows({ pages: { rows, error, reload, more }, label, none, children }) {
  const isLate = useDelayed(!rows && !error);
  return html`${error && html`<${ErrorNotice} error=${error} onRetry=${reload} />`}
    ${!rows && isLate && html`<${Skeleton} height="64px" />`}
    ${rows?.length === 0 && html`<p class="muted">${none}</p>`}
    ${rows?.length > 0 && html`<${Rows} label=${label}>${rows.map(children)}<//>`}
    ${more?.error && html`<${ErrorNotice} error=${more.error} />`}
    ${more &&
    html`<button type="button" class="button" disabled=${more.isBusy} onClick=${() => more.run()}>
      ${t("page.more")}
    </button>`}`;
}
