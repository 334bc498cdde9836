/* Navigation: the address decides what is shown; each history entry keeps its scroll position and
   its focused element.

   A view calls `useSettled(isReady)`. Once its content is there, a new entry starts at the top with
   its heading focused, and an entry that somebody came back to is as it was left. */

import { useLayoutEffect } from "./lib.js";
import { createStore } from "./store.js";

const POSITIONS_KEY = "positions";
const MAX_POSITIONS = 100;

const positions = new Map(readPositions());
let isKnownPath = () => false;
let unsettled = null;

/** The current entry: `path`, `params`, `hash`, `key`, and how it was reached (`kind`). */
export const route = createStore(readEntry("load"));

/** Follow the history and the clicks on links to paths that `isKnown` accepts. */
export function startRouter(isKnown) {
  isKnownPath = isKnown;
  history.scrollRestoration = "manual";
  if (!history.state?.key) replaceState(location.href);
  route.set(readEntry("load"));
  unsettled = route.get();
  addEventListener("popstate", () => enter("pop"));
  addEventListener("pagehide", savePosition);
  document.addEventListener("click", followLink);
  let timer = 0;
  addEventListener(
    "scroll",
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => !unsettled && rememberPosition(), 100);
    },
    { passive: true },
  );
}

/** Go to an address of this page.
 *
 * With `replace` no entry is added. With `keep` the scroll position and the focus stay.
 */
export function navigate(address, { replace = false, keep = replace } = {}) {
  const url = new URL(address, location.href);
  if (replace) {
    replaceState(url);
  } else {
    rememberPosition();
    history.pushState({ key: createKey() }, "", url);
  }
  enter(replace ? "replace" : "push", keep);
}

/** Scroll and focus as the entry asks for, once, as soon as `isReady`. */
export function useSettled(isReady) {
  const { key } = route.get();
  useLayoutEffect(() => {
    if (isReady) settle();
  }, [isReady, key]);
}

function settle() {
  const entry = unsettled;
  unsettled = null;
  if (!entry || entry.keeps) return;
  const position = entry.kind === "push" ? null : positions.get(entry.key);
  if (position) {
    scrollTo(0, position.y);
    if (position.focus) {
      document.getElementById(position.focus)?.focus({ preventScroll: true });
    }
  } else if (entry.kind !== "load") {
    scrollTo(0, 0);
    focusHeading();
  }
}

function focusHeading() {
  const heading = document.querySelector("main h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function enter(kind, keeps = false) {
  const entry = { ...readEntry(kind), keeps };
  if (kind !== "replace") unsettled = entry;
  route.set(entry);
}

function readEntry(kind) {
  return {
    path: location.pathname,
    params: new URLSearchParams(location.search),
    hash: location.hash,
    key: history.state?.key ?? "",
    kind,
    keeps: false,
  };
}

function followLink(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !isKnownPath(url.pathname)) return;
  if (url.hash && url.pathname === location.pathname && url.search === location.search) return;
  event.preventDefault();
  navigate(url.href);
}

function replaceState(url) {
  try {
    history.replaceState({ key: history.state?.key || createKey() }, "", url);
  } catch {
    /* A browser allows so many changes in some seconds; the next one succeeds. */
  }
}

function createKey() {
  return Math.random().toString(36).slice(2, 12);
}

function rememberPosition() {
  const { key } = route.get();
  positions.delete(key);
  positions.set(key, { y: Math.round(scrollY), focus: document.activeElement?.id || null });
  if (positions.size > MAX_POSITIONS) positions.delete(positions.keys().next().value);
}

function savePosition() {
  rememberPosition();
  try {
    sessionStorage.setItem(POSITIONS_KEY, JSON.stringify([...positions]));
  } catch {
    /* Storage may be off; then a reload starts at the top. */
  }
}

function readPositions() {
  try {
    return JSON.parse(sessionStorage.getItem(POSITIONS_KEY)) ?? [];
  } catch {
    return [];
  }
}
