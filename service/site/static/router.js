/* Navigation: the address decides what is shown; each history entry keeps its scroll position and
   its focused element.

   A view calls `useSettled(isReady)`. Once its content is there, a new entry starts at the top with
   its heading focused, and an entry that somebody came back to is as it was left. */

import { useLayoutEffect } from "./lib.js";
import { createStore } from "./store.js";

const POSITIONS_KEY = "positions";
const MAX_POSITIONS = 100;
const REPLACE_DELAY_MS = 200;

const positions = new Map(readPositions());
let isKnownPath = () => false;
let unsettled = null;
let pending = null;
let shownKey = null;

/** The current entry: `path`, `params`, `hash`, `key`, how it was reached (`kind`), and the address of
    the page's entry before it (`from`), which is null where the page was opened. */
export const route = createStore(readEntry("load"));

/** Follow the history and the clicks on links to paths that `isKnown` accepts. */
export function startRouter(isKnown) {
  isKnownPath = isKnown;
  history.scrollRestoration = "manual";
  if (!history.state?.key) history.replaceState({ key: createKey() }, "");
  route.set(readEntry("load"));
  unsettled = route.get();
  addEventListener("popstate", () => {
    cancelPending();
    enter("pop", new URL(location.href), history.state);
  });
  addEventListener("pagehide", () => {
    writePending();
    savePositions();
  });
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
 * With `replace` no entry is added. With `keep` the scroll position and the focus stay, with
 * `keepFocus` only the focus.
 */
export function navigate(address, { replace = false, keep = replace, keepFocus = keep } = {}) {
  const url = new URL(address, location.href);
  if (replace) {
    replaceSoon(url);
    enter("replace", url, route.get(), { keep, keepFocus });
    return;
  }
  writePending();
  rememberPosition();
  const state = { key: createKey(), from: location.pathname + location.search };
  history.pushState(state, "", url);
  enter("push", url, state, { keep, keepFocus });
}

/** Tell which entry is shown; a view that is not loaded yet leaves the one before it in place. */
export function markShown(entry) {
  shownKey = entry.key;
}

/** Scroll and focus as the entry asks for, once, as soon as `isReady`. */
export function useSettled(isReady) {
  const { key } = route.get();
  const isShown = key === shownKey;
  useLayoutEffect(() => {
    if (isReady && isShown) settle();
  }, [isReady, isShown, key]);
}

function settle() {
  const entry = unsettled;
  unsettled = null;
  if (!entry || entry.keep) return;
  const position = entry.kind === "push" ? null : positions.get(entry.key);
  if (position) {
    restoreScroll(position);
    if (position.focus) {
      document.getElementById(position.focus)?.focus({ preventScroll: true });
    }
  } else if (entry.kind !== "load") {
    scrollTo(0, 0);
    const isIdle = [document.body, entry.focused].includes(document.activeElement);
    if (isIdle && !entry.keepFocus) focusHeading();
  }
}

/* To the element that was at the top then, since what is above it may be higher now; else to the
   same number of pixels. */
function restoreScroll({ y, anchor, top }) {
  const element = anchor && document.getElementById(anchor);
  scrollTo(0, element ? scrollY + element.getBoundingClientRect().top - top : y);
}

function findAnchor() {
  if (scrollY === 0) return {};
  for (const element of document.querySelectorAll("main [id]:not(aside *)")) { // asides stand still
    const { top, height } = element.getBoundingClientRect();
    if (top >= 0 && height > 0) return { anchor: element.id, top };
  }
  return {};
}

function focusHeading() {
  const heading = document.querySelector("main h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function enter(kind, url, state, options) {
  const entry = createEntry(kind, url, state, options);
  if (kind !== "replace") unsettled = entry;
  route.set(entry);
}

function readEntry(kind) {
  return createEntry(kind, new URL(location.href), history.state);
}

function createEntry(kind, url, state, { keep = false, keepFocus = false } = {}) {
  const { pathname: path, searchParams: params, hash } = url;
  const { key = "", from = null } = state ?? {};
  return { path, params, hash, key, from, kind, keep, keepFocus, focused: document.activeElement };
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

/* Browsers allow a page few changes of its address in a second, fewer than somebody types letters; so
   the address follows a moment later. */
function replaceSoon(url) {
  cancelPending();
  pending = { url, timer: setTimeout(writePending, REPLACE_DELAY_MS) };
}

function writePending() {
  if (!pending) return;
  const { url } = pending;
  const { key, from } = route.get();
  cancelPending();
  history.replaceState({ key, from }, "", url);
}

function cancelPending() {
  clearTimeout(pending?.timer);
  pending = null;
}

function createKey() {
  return Math.random().toString(36).slice(2, 12);
}

function rememberPosition() {
  const { key } = route.get();
  positions.delete(key);
  const focus = document.activeElement?.id || null;
  positions.set(key, { y: Math.round(scrollY), focus, ...findAnchor() });
  if (positions.size > MAX_POSITIONS) positions.delete(positions.keys().next().value);
}

function savePositions() {
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
