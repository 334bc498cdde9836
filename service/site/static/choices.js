/* Small choices kept in this browser; where storage is off, they last until the page is closed. */

const fallback = new Map();

/** Return the stored text, or null. */
export function readChoice(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return fallback.get(name) ?? null;
  }
}

/** Store a text; null removes it. */
export function storeChoice(name, value) {
  fallback.set(name, value);
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    /* `fallback` has it. */
  }
}
