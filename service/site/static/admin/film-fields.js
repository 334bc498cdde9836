/* The fields of a film in a form: how each is shown, read, and written as JSON.

   In the form every value is a text; lists have one entry a line. A name with slashes is a path into
   the film, as in the pointers of the API's errors. */

const TYPES = ["movie", "series", "episode", "game"];

/** The fields in the order of the form. */
export const FIELDS = [
  { name: "title", kind: "text", required: true, width: "all" },
  { name: "type", kind: "choice", options: TYPES },
  { name: "year", kind: "number" },
  { name: "end_year", kind: "number" },
  { name: "imdb_id", kind: "text" },
  { name: "released", kind: "date" },
  { name: "runtime_minutes", kind: "number" },
  { name: "rated", kind: "text" },
  { name: "awards", kind: "text" },
  { name: "directors", kind: "lines" },
  { name: "writers", kind: "lines" },
  { name: "actors", kind: "lines" },
  { name: "genres", kind: "lines" },
  { name: "plot", kind: "long", width: "all" },
  { name: "languages", kind: "lines" },
  { name: "countries", kind: "lines" },
  { name: "aliases", kind: "lines", width: "half" },
  { name: "ratings/imdb/value", kind: "number", step: "0.1" },
  { name: "ratings/imdb/votes", kind: "number" },
  { name: "ratings/rotten_tomatoes", kind: "number" },
  { name: "ratings/metacritic", kind: "number" },
  { name: "season", kind: "number" },
  { name: "episode", kind: "number" },
  { name: "series", kind: "text" },
];

/** Return the texts of a film's fields; of a new film, empty ones. */
export function toTexts(film) {
  return Object.fromEntries(FIELDS.map((field) => [field.name, toText(field, film)]));
}

/** Return the texts that a form holds. */
export function readTexts(form) {
  return Object.fromEntries(
    FIELDS.map(({ name }) => [name, form.elements[name].value.replaceAll("\r\n", "\n").trim()]),
  );
}

/** Return the names of the fields whose texts differ. */
export const listChanged = (before, after) =>
  FIELDS.map(({ name }) => name).filter((name) => before[name].trim() !== after[name].trim());

/** Return the JSON of the fields `names`. */
export function toBody(texts, names) {
  const body = {};
  for (const field of FIELDS.filter(({ name }) => names.includes(name))) {
    const path = field.name.split("/");
    const last = path.pop();
    const parent = path.reduce((node, key) => (node[key] ??= {}), body);
    parent[last] = toValue(field, texts[field.name]);
  }
  return body;
}

function toText({ name, kind, options }, film) {
  const value = name.split("/").reduce((node, key) => node?.[key], film);
  if (kind === "lines") return (value ?? []).join("\n");
  if (kind === "choice") return value ?? options[0];
  return value === null || value === undefined ? "" : String(value);
}

function toValue({ kind }, text) {
  if (kind === "lines") {
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  }
  if (text === "") return null;
  if (kind !== "number") return text;
  const number = Number(text.replace(",", "."));
  return Number.isNaN(number) ? text : number; // the service says what is wrong with it
}
