/* The view library: Preact with htm templates, bound once for all components. */

import { createElement } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { Fragment, createPortal, render } from "./vendor/preact.js";
export {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "./vendor/preact-hooks.js";

export const html = htm.bind(createElement);

const stylesheets = new Map();

/** Load a stylesheet of `styles/` once; resolve when it applies. */
export function loadStyle(name) {
  if (!stylesheets.has(name)) {
    const href = new URL(`./styles/${name}.css`, import.meta.url).href;
    const present = [...document.querySelectorAll("link[rel=stylesheet]")].some(
      (link) => link.href === href,
    );
    stylesheets.set(name, present ? Promise.resolve() : insertStylesheet(href));
  }
  return stylesheets.get(name);
}

function insertStylesheet(href) {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
}
