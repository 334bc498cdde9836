/* A text with ranges of it marked. */

import { html } from "../lib.js";

/** Mark the ranges, given in code points as the API counts them, in order and without overlaps. */
export function MarkedText({ text, ranges = [] }) {
  if (!ranges.length) return text;
  const characters = Array.from(text);
  const parts = [];
  let position = 0;
  for (const [start, end] of ranges) {
    parts.push(characters.slice(position, start).join(""));
    parts.push(html`<mark>${characters.slice(start, end).join("")}</mark>`);
    position = end;
  }
  parts.push(characters.slice(position).join(""));
  return parts;
}

/** Return the ranges of each text of a list, from those of the list joined by `, `. */
export function splitRanges(texts, ranges = []) {
  let start = 0;
  return texts.map((text) => {
    const end = start + Array.from(text).length;
    const own = ranges
      .filter(([from, to]) => from < end && to > start)
      .map(([from, to]) => [Math.max(from, start) - start, Math.min(to, end) - start]);
    start = end + 2;
    return own;
  });
}
