/* One polite live region for announcements; the last one of several within a moment is spoken. */

const DELAY_MS = 600; // a reader who types is not interrupted at each letter

let region = null;
let timer = 0;

/** Let assistive technology speak a text once nothing else happens for a moment. */
export function announce(text) {
  if (!region) {
    region = document.createElement("div");
    region.className = "hidden-text";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
  }
  clearTimeout(timer);
  timer = setTimeout(() => (region.textContent = text), DELAY_MS);
}
