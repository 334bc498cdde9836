/* Numbers, durations and dates in the page's language. */

import { html } from "./lib.js";
import { language, t } from "./i18n.js";

const formatters = new Map();

function formatter(Class, options) {
  const key = `${Class.name} ${language.get()} ${JSON.stringify(options)}`;
  if (!formatters.has(key)) formatters.set(key, new Class(language.get(), options));
  return formatters.get(key);
}

/** Return a number with the language's separators. */
export const formatNumber = (value, options) => formatter(Intl.NumberFormat, options).format(value);

/** Return a rating with one decimal. */
export const formatRating = (value) =>
  formatNumber(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Return a short form of a large number: `1.6M`. */
export const formatCompact = (value) =>
  formatNumber(value, { notation: "compact", maximumFractionDigits: 1 });

/** Return a size in the unit that fits: `48 kB`. */
export function formatBytes(bytes) {
  const [unit, size] = [["megabyte", 1e6], ["kilobyte", 1e3]].find(([, size]) => bytes >= size) ?? ["byte", 1];
  const digits = bytes / size < 10 && size > 1 ? 1 : 0;
  return formatNumber(bytes / size, { style: "unit", unit, maximumFractionDigits: digits });
}

/** Return an amount of whole US dollars. */
export const formatDollars = (value) =>
  formatNumber(value, { style: "currency", currency: "USD", maximumFractionDigits: 0 });

/** Return minutes as hours and minutes. */
export function formatRuntime(minutes) {
  const hours = Math.floor(minutes / 60);
  if (!hours) return t("time.minutes", { m: minutes });
  if (minutes % 60 === 0) return t("time.hours", { h: hours });
  return t("time.hours_minutes", { h: hours, m: minutes % 60 });
}

/** Return names joined as the language does: `a, b and c`. */
export const formatList = (names, options = { type: "conjunction" }) =>
  formatter(Intl.ListFormat, options).format(names);

/** Return a date, or a date and time, in full. */
export function formatDate(value, { time = false } = {}) {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(value);
  const options = { dateStyle: "long", ...(time && !isDay ? { timeStyle: "short" } : {}) };
  return formatter(Intl.DateTimeFormat, isDay ? { ...options, timeZone: "UTC" } : options).format(
    new Date(value),
  );
}

const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Return how far a time is away: `3 hours ago`. */
export function formatRelative(value, now = Date.now()) {
  const seconds = (new Date(value) - now) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return formatter(Intl.RelativeTimeFormat, { numeric: "auto" }).format(
    Math.trunc(seconds / size),
    unit,
  );
}

/** Show a time relative to now, with the exact one as its title. */
export function RelativeTime({ value }) {
  return html`<time datetime=${value} title=${formatDate(value, { time: true })}>
    ${formatRelative(value)}
  </time>`;
}
