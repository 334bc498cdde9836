/* What a `User-Agent` says in words. */

import { t } from "../i18n.js";

/* The first that fits; most browsers also name those that they are compatible with. */
const BROWSERS = [
  ["Edge", /\bEdg(?:e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Vivaldi", /\bVivaldi\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Chrome|HeadlessChrome|CriOS)\//],
  ["Safari", /\bSafari\//],
];
const SYSTEMS = [
  ["Windows", /\bWindows\b/],
  ["Android", /\bAndroid\b/],
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["macOS", /\bMac OS X\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
];

const find = (names, text) => names.find(([, pattern]) => pattern.test(text))?.[0] ?? null;

/** Return the browser and the system, or the program that a `User-Agent` begins with. */
export function clientName(userAgent) {
  if (!userAgent?.trim()) return t("account.unknown_client");
  const browser = find(BROWSERS, userAgent);
  if (!browser) return userAgent.trim().split(/[\s(]/)[0] || t("account.unknown_client");
  const system = find(SYSTEMS, userAgent);
  return system ? t("account.browser_on", { browser, system }) : browser;
}
