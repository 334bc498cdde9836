/* Line icons of 24 units, decorative: what they mean is said in words beside them. */

import { html } from "../lib.js";

const PATHS = {
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm4.7-1.8L20 20",
  close: "M6 6l12 12M18 6 6 18",
  filter: "M4 7h16M7 12h10M10 17h4",
  settings: "M4 8h9m5 0h2M4 16h2m5 0h9M15.5 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8.5 18.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  person: "M12 11.5a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5ZM4.5 20a7.5 7.5 0 0 1 15 0",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.5h4M4 14.5h4M16 9.5h4M16 14.5h4",
  star: "m12 4 2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  like: "M7.5 20V10.5L11.5 4c1.5 0 2.4 1 2.1 2.5L13 9.5h5.2a1.8 1.8 0 0 1 1.8 2.2l-1.4 6.6a2 2 0 0 1-2 1.7zM4 10.5h3.5V20H4z",
  dislike: "M7.5 4v9.5l4 6.5c1.5 0 2.4-1 2.1-2.5L13 14.5h5.2a1.8 1.8 0 0 0 1.8-2.2l-1.4-6.6a2 2 0 0 0-2-1.7zM4 13.5h3.5V4H4z",
  bookmark: "M6.5 4h11v16.5L12 16l-5.5 4.5z",
  plus: "M12 5v14M5 12h14",
  check: "m5 12.5 4.5 4.5L19 7.5",
  move: "M9 5v14M9 5 6 8m3-3 3 3M15 19V5m0 14-3-3m3 3 3-3",
  warning: "M12 4 2.8 19.5h18.4zM12 10v4.5m0 2.6v.1",
  offline: "M3 3l18 18M5 12.5a10 10 0 0 1 4-2.4m6 .2a10 10 0 0 1 4 2.2M8.5 16a5 5 0 0 1 7 0M12 19.5v.1",
  arrow: "M5 12h14m-6-6 6 6-6 6",
  back: "M19 12H5m6 6-6-6 6-6",
};

/** Draw an icon. */
export function Icon({ name, size = 20 }) {
  return html`<svg
    class="icon"
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d=${PATHS[name]} />
  </svg>`;
}
