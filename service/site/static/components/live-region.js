/* One polite live region for announcements. */

const DELAY_MS = 600; // a reader who types is not interrupted at each letter

let region = null;
let timer = 0;
const texts = new Map();

/** Let assistive technology speak a text once nothing else happens for a moment.
 *
 * Texts of different subjects are spoken together; a later one of the same subject replaces it.
 */
export function announce(text, subject = "results") {
  if (!region) {
    region = document.createElement("div");
    region.className = "hidden-text";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
  }
  clearTimeout(timer);
  texts.set(subject, text);
  timer = setTimeout(() => {
    region.textContent = [...texts.values()].join(". ");
    texts.clear();
  }, DELAY_MS);
}
