/* A film's poster: the stored picture, or a card drawn from the title. */

import { html, useState } from "../lib.js";

const SIZES = { w185: 185, w342: 342, w780: 780 };

/* A drawn title, in shares of the poster's width: the size of its letters, and what they need. */
const MAX_LETTER_SIZE = 0.135;
const MIN_LETTER_SIZE = 0.07;
const MIN_SIZE_FOR_A_WORD = 0.095; // a longer word is hyphenated
const LETTER_WIDTH = 0.7; // of a letter's size, in bold
const LINE_HEIGHT = 1.22;
const TEXT_WIDTH = 0.82;
const TEXT_AREA = TEXT_WIDTH * 0.9; // some of each line stays empty
/* Chinese, Japanese and Korean: as wide as high, and a line may end after each. */
const WIDE_LETTERS = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]/g;

/** Show a poster of `width` pixels; its height is one and a half of that.
 *
 * The title is beside it in every view, so assistive technology skips it.
 */
export function Poster({ film, width, eager = false }) {
  const [isBroken, setBroken] = useState(false);
  const { sizes } = film.poster;
  const sources = Object.entries(SIZES).filter(([size]) => sizes[size]);
  if (!sources.length || isBroken) return html`<${DrawnPoster} film=${film} width=${width} />`;
  return html`<img
    class="poster"
    src=${sizes[(sources.find(([, pixels]) => pixels >= width) ?? sources.at(-1))[0]]}
    srcset=${sources.map(([size, pixels]) => `${sizes[size]} ${pixels}w`).join(", ")}
    sizes=${`${width}px`}
    width=${width}
    height=${width * 1.5}
    alt=""
    loading=${eager ? "eager" : "lazy"}
    decoding="async"
    onError=${() => setBroken(true)}
  />`;
}

function DrawnPoster({ film, width }) {
  return html`<div
    class="poster poster-drawn"
    style=${{
      "--hue": String(hashHue(film.title)),
      "--width": `${width}px`,
      "--letter": String(letterSize(film.title)),
    }}
    aria-hidden="true"
  >
    <span class="poster-title" dir="auto" lang=${titleLanguage(film)}>${film.title}</span>
    ${film.year && html`<span class="poster-year">${film.year}</span>`}
  </div>`;
}

/* The size at which the longest word fits into a line and the whole title into the card. */
function letterSize(title) {
  const wide = title.match(WIDE_LETTERS)?.length ?? 0;
  const words = title.replace(WIDE_LETTERS, " ").split(/[\s\-–/]+/);
  const longest = Math.max(1, ...words.map((word) => Array.from(word).length));
  const byWord = Math.max(MIN_SIZE_FOR_A_WORD, TEXT_WIDTH / (LETTER_WIDTH * longest));
  const length = (Array.from(title).length - wide) * LETTER_WIDTH + wide;
  const byArea = Math.sqrt(TEXT_AREA / (length * LINE_HEIGHT));
  return Math.max(MIN_LETTER_SIZE, Math.min(MAX_LETTER_SIZE, byWord, byArea));
}

/** Return a hue, 0 to 359, that is always the same for a text. */
export function hashHue(text) {
  let hash = 2166136261;
  for (const character of text) {
    hash = Math.imul(hash ^ character.codePointAt(0), 16777619);
  }
  return (hash >>> 0) % 360;
}

const SCRIPT_LANGUAGES = [
  [/[\u3040-\u30ff]/, "ja"],
  [/[\uac00-\ud7af]/, "ko"],
  [/[\u4e00-\u9fff]/, "zh"],
  [/[\u0590-\u05ff]/, "he"],
  [/[\u0600-\u06ff]/, "ar"],
  [/[\u0400-\u04ff]/, "ru"],
  [/[\u0370-\u03ff]/, "el"],
  [/[\u0e00-\u0e7f]/, "th"],
  [/[\u0900-\u097f]/, "hi"],
];

const LANGUAGE_CODES = {
  Danish: "da",
  Dutch: "nl",
  English: "en",
  Finnish: "fi",
  French: "fr",
  German: "de",
  Italian: "it",
  Norwegian: "no",
  Polish: "pl",
  Portuguese: "pt",
  Spanish: "es",
  Swedish: "sv",
  Turkish: "tr",
};

/** Return the language of a title, by its script or else by the film's first language. */
export function titleLanguage(film) {
  const match = SCRIPT_LANGUAGES.find(([pattern]) => pattern.test(film.title));
  return match ? match[1] : (LANGUAGE_CODES[film.languages?.[0] ?? "English"] ?? null);
}
