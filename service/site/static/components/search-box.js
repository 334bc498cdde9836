/* The search box: a combobox with a list of suggestions (ARIA Authoring Practices, "editable combobox
   with list autocomplete"). On the search view the results change with each letter. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { get, isAborted } from "../client.js";
import { t } from "../i18n.js";
import { navigate, route } from "../router.js";
import { parseSearch, searchAddress, withoutFilters } from "../search-address.js";
import { useStore } from "../store.js";
import { Icon } from "./icon.js";
import { announce } from "./live-region.js";

const MAX_SUGGESTIONS = 8;
const MAX_LENGTH = 200;
const LIST_ID = "suggestions";

/** Show the search box of the header. */
export function SearchBox() {
  const entry = useStore(route);
  const search = parseSearch(entry.params);
  const isSearchView = entry.path === "/";
  const input = useRef(null);
  const [text, setText] = useState(isSearchView ? search.q : "");
  const [activeKey, setActiveKey] = useState(null);
  const [isOpen, setOpen] = useState(false);
  const typingKey = useRef(null);
  const suggestions = useSuggestions(isOpen ? text.trim() : "");
  const options = isOpen ? suggestions : [];
  const active = options.findIndex((suggestion) => suggestionKey(suggestion) === activeKey);
  const close = () => {
    setOpen(false);
    setActiveKey(null);
  };

  useEffect(() => {
    if (entry.kind === "replace" && entry.key === typingKey.current) return;
    if (route.get().key !== typingKey.current) {
      setText(isSearchView ? search.q : "");
      close();
    }
  }, [entry.key, isSearchView && search.q]);
  useFocusShortcuts(input);
  useLayoutEffect(() => {
    if (active >= 0) document.getElementById(optionId(active))?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const goTo = (q, options) => {
    const next = isSearchView ? { ...search, q, in: [], page: 1, typo: "auto" } : { q };
    navigate(searchAddress(next), options);
  };
  const type = (value) => {
    setText(value);
    setActiveKey(null);
    setOpen(value.trim() !== "");
    if (!isSearchView) return;
    const isTyping = typingKey.current === entry.key;
    goTo(value.trim(), { replace: isTyping, keep: true });
    typingKey.current = route.get().key;
  };
  const submit = () => {
    const q = text.trim();
    typingKey.current = null;
    close();
    if (!isSearchView) goTo(q, { keepFocus: true });
    else if (q !== search.q) goTo(q, { keep: true });
  };
  const choose = (suggestion) => {
    typingKey.current = null;
    close();
    if (suggestion.kind !== "title") {
      setText("");
      const base = withoutFilters(parseSearch(new URLSearchParams()));
      navigate(searchAddress({ ...base, [suggestion.kind]: [suggestion.text] }), { keepFocus: true });
    } else {
      navigate(`/film/${suggestion.movie_id}`);
    }
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    const count = options.length;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && !event.altKey) {
      event.preventDefault();
      if (!isOpen) setOpen(text.trim() !== "");
      else if (count) setActiveKey(suggestionKey(options[cycle(active, steps[event.key], count)]));
    } else if (event.key === "Escape") {
      if (isOpen && count) close();
      else if (text) type("");
      else return;
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active >= 0) choose(options[active]);
      else submit();
    }
  };

  return html`<div class="search-box" role="search">
    <form action="/" onSubmit=${(event) => (event.preventDefault(), submit())}>
      <${Icon} name="search" size=${20} />
      <input
        ref=${input}
        id="search-input"
        class="search-input"
        type="search"
        name="q"
        dir="auto"
        role="combobox"
        aria-label=${t("search.label")}
        aria-autocomplete="list"
        aria-expanded=${String(options.length > 0)}
        aria-controls=${LIST_ID}
        aria-activedescendant=${active >= 0 ? optionId(active) : null}
        aria-keyshortcuts="/ Control+K"
        placeholder=${t("search.placeholder")}
        autocomplete="off"
        autocapitalize="off"
        spellcheck=${false}
        enterkeyhint="search"
        maxlength=${MAX_LENGTH}
        value=${text}
        onInput=${(event) => type(event.target.value)}
        onKeyDown=${onKeyDown}
        onBlur=${close}
      />
      <div class="search-side">
        ${text
          ? html`<button
              type="button"
              class="icon-button"
              aria-label=${t("search.clear")}
              onClick=${() => (type(""), input.current.focus())}
            >
              <${Icon} name="close" size=${18} />
            </button>`
          : html`<kbd aria-hidden="true">${shortcutName()}</kbd>`}
      </div>
    </form>
    <ul
      id=${LIST_ID}
      class="suggestions"
      role="listbox"
      aria-label=${t("search.suggestions")}
      hidden=${options.length === 0}
    >
      ${options.map(
        (suggestion, index) =>
          html`<${Option}
            key=${suggestionKey(suggestion)}
            suggestion=${suggestion}
            query=${text.trim()}
            id=${optionId(index)}
            isActive=${index === active}
            onChoose=${() => choose(suggestion)}
          />`,
      )}
    </ul>
  </div>`;
}

const optionId = (index) => `suggestion-${index}`;

/* What identifies a suggestion in this list and in the next one; null for the text itself. */
const suggestionKey = (suggestion) =>
  suggestion ? suggestion.kind + (suggestion.movie_id ?? suggestion.text) : null;

const shortcutName = () => (/Mac|iP(hone|ad|od)/.test(navigator.platform) ? "⌘ K" : "Ctrl K");

/* The position after -1 (the text itself) and all options, going round. */
function cycle(active, step, count) {
  return ((active + 1 + step + count + 1) % (count + 1)) - 1;
}

function Option({ suggestion, query, id, isActive, onChoose }) {
  const isPerson = suggestion.kind !== "title";
  return html`<li
    id=${id}
    class="suggestion"
    role="option"
    aria-selected=${String(isActive)}
    onMouseDown=${(event) => (event.preventDefault(), event.button === 0 && onChoose())}
  >
    <span class="suggestion-text" dir="auto">${markTyped(suggestion.text, query)}</span>
    <span class="suggestion-side">
      ${isPerson ? t(`search.${suggestion.kind}`) : filmFacts(suggestion)}
    </span>
  </li>`;
}

const filmFacts = ({ year, directors }) => [year, directors?.[0]].filter(Boolean).join(" · ");

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Mark the beginnings of words that the typed words are. */
function markTyped(text, query) {
  const typed = fold(query).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return text.split(/([\p{L}\p{N}\p{M}]+)/u).map((part, index) => {
    if (index % 2 === 0) return part;
    const length = markedLength(part, typed);
    return length ? [html`<mark>${part.slice(0, length)}</mark>`, part.slice(length)] : part;
  });
}

function markedLength(word, typed) {
  const folded = fold(word);
  const best = typed.filter((start) => folded.startsWith(start)).sort((a, b) => b.length - a.length)[0];
  if (!best) return 0;
  let length = 0;
  while (length < word.length && fold(word.slice(0, length)).length < best.length) length += 1;
  while (/^\p{M}/u.test(word.slice(length))) length += 1;
  return length;
}

/* The suggestions for a text; those of the text before stay until the next ones are there. */
function useSuggestions(text) {
  const [suggestions, setSuggestions] = useState([]);
  useEffect(() => {
    if (!text) {
      setSuggestions([]);
      return undefined;
    }
    const controller = new AbortController();
    const params = { q: text, limit: MAX_SUGGESTIONS };
    get("/suggest", { params, signal: controller.signal }).then(
      (answer) => {
        if (controller.signal.aborted) return;
        setSuggestions(answer.suggestions);
        announce(t("search.suggestion_count", { n: answer.suggestions.length }), "suggestions");
      },
      (error) => !isAborted(error) && !controller.signal.aborted && setSuggestions([]),
    );
    return () => controller.abort();
  }, [text]);
  return suggestions;
}

/* `/` and Ctrl K (or ⌘ K) focus the box; on a desktop it has the focus when the page opens. */
function useFocusShortcuts(input) {
  useEffect(() => {
    const focus = (event) => {
      const isCommand = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
      const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
      const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (!isCommand && !(isSlash && !isTyping)) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      input.current.focus();
      input.current.select();
    };
    document.addEventListener("keydown", focus);
    const isDesktop = matchMedia("(hover: hover) and (pointer: fine)").matches;
    if (isDesktop && route.get().path === "/" && document.activeElement === document.body) {
      input.current.focus({ preventScroll: true });
    }
    return () => document.removeEventListener("keydown", focus);
  }, []);
}
