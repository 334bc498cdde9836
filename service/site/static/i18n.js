/* The language of the page and its messages.

   Messages are in `i18n/<language>/<section>.js`, one section for each view and one, `core`, for what
   all views share. A message is a text with `{names}`, or an object with one text for each plural form
   of `{n}`. */

import { readChoice, storeChoice } from "./choices.js";
import { createStore } from "./store.js";

export const LANGUAGES = { en: "English", de: "Deutsch" };
const CHOICE = "language";

/** The language's code. Components that call `t` render again when it changes. */
export const language = createStore(chooseLanguage());

const sections = new Set();
let messages = {};
let plural = new Intl.PluralRules(language.get());

/** Load the messages of a section in the present language. */
export async function loadMessages(section) {
  if (sections.has(section)) return;
  Object.assign(messages, await importSection(language.get(), section));
  sections.add(section);
}

/** Change the language, remember it, and load what is needed of it. */
export async function setLanguage(code) {
  const loaded = await Promise.all([...sections].map((section) => importSection(code, section)));
  messages = Object.assign({}, ...loaded);
  plural = new Intl.PluralRules(code);
  storeChoice(CHOICE, code);
  document.documentElement.lang = code;
  language.set(code);
}

/** Return a message as text. `n` chooses the plural form; format it before if it is shown. */
export function t(key, values = {}) {
  let message = messages[key];
  if (message === undefined) return key;
  if (typeof message === "object") message = message[plural.select(values.n)] ?? message.other;
  const shown = "n" in values ? { ...values, n: values.shown ?? formatCount(values.n) } : values;
  return message.replace(/\{(\w+)\}/g, (all, name) => shown[name] ?? all);
}

/** Return a message as a list for a template; values may be elements. */
export function tParts(key, values) {
  return t(key, {}).split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    return name && name in values ? values[name] : part;
  });
}

/** Return whether there is a message of this key. */
export const hasMessage = (key) => key in messages;

const formatCount = (value) => new Intl.NumberFormat(language.get()).format(value);

async function importSection(code, section) {
  return (await import(`./i18n/${code}/${section}.js`)).default;
}

function chooseLanguage() {
  const preferred = [readChoice(CHOICE), ...navigator.languages];
  const codes = preferred.map((tag) => tag?.slice(0, 2).toLowerCase());
  return codes.find((code) => code in LANGUAGES) ?? "en";
}
