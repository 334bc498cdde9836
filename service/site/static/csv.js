/* Tables as CSV (RFC 4180) that a spreadsheet can open without running anything in it. */

import { saveFile } from "./files.js";

const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
// A spreadsheet that splits at another character, whatever the quotes say, begins a cell behind it.
const INNER_FORMULA = /[;,\t\r\n](?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/g;

/** Return rows of texts, numbers and nulls as CSV. */
export const toCsv = (rows) => rows.map((row) => row.map(toCell).join(",") + "\r\n").join("");

function toCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = (FORMULA.test(value) ? "'" : "") + value.replaceAll(INNER_FORMULA, "$&'");
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Have the browser save a text as a file. */
export function saveText(name, text) {
  const mark = "\ufeff"; // without it, Excel reads another encoding
  saveFile(name, new Blob([mark + text], { type: "text/csv;charset=utf-8" }));
}
