/* The names of filter values in the page's language. */

import { language, t } from "../i18n.js";
import { genreName } from "./film-card.js";

const codesByName = new Map();

/** Return how a value of a filter is shown. */
export function valueName(filter, value) {
  if (filter === "genre") return genreName(value);
  if (filter === "type") return t(`type.${value}`);
  if (filter === "language" || filter === "country") return localName(filter, value);
  return value;
}

/* The catalogue has English names; the browser knows those of other languages by code. */
function localName(filter, value) {
  if (language.get() === "en") return value;
  const type = filter === "language" ? "language" : "region";
  const code = findCode(type, value);
  return code ? new Intl.DisplayNames(language.get(), { type }).of(code) : value;
}

function findCode(type, name) {
  if (!codesByName.has(type)) codesByName.set(type, listCodes(type));
  return codesByName.get(type).get(name) ?? null;
}

function listCodes(type) {
  const names = new Intl.DisplayNames("en", { type, fallback: "none" });
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const codes = new Map();
  for (const first of letters) {
    for (const second of letters) {
      const pair = first + second;
      const code = type === "region" ? pair.toUpperCase() : pair;
      const name = names.of(code);
      if (name && !codes.has(name)) codes.set(name, code);
    }
  }
  if (type === "region") codes.set("USA", "US").set("UK", "GB");
  return codes;
}
