/* The header: name, search box, links, the account, and the choices of scheme and language. */

import { html, useEffect, useRef, useState } from "../lib.js";
import { LANGUAGES, language, setLanguage, t } from "../i18n.js";
import { route } from "../router.js";
import { user } from "../session.js";
import { readChoice, storeChoice } from "../storage.js";
import { useStore } from "../store.js";
import { Icon } from "./icon.js";
import { SearchBox } from "./search-box.js";

const THEMES = ["system", "light", "dark"];

/** Show the header of every view. */
export function Header() {
  const { path } = useStore(route);
  return html`<header class="header">
    <div class="header-row">
      <a class="brand" href="/" aria-label=${t("page.home")}>${"movies"}<span>.</span></a>
      <${SearchBox} />
      <nav class="header-nav" aria-label=${t("nav.label")}>
        <a href="/names" aria-current=${path === "/names" ? "page" : null}>${t("nav.names")}</a>
        <${AccountLinks} path=${path} />
        <${Preferences} />
      </nav>
    </div>
  </header>`;
}

function AccountLinks({ path }) {
  const account = useStore(user);
  if (!account) {
    const current = path === "/login" ? "page" : null;
    return html`<a href="/login" aria-current=${current}>${t("nav.login")}</a>`;
  }
  return [
    account.is_admin &&
      html`<a href="/admin" aria-current=${path.startsWith("/admin") ? "page" : null}>
        ${t("nav.admin")}
      </a>`,
    html`<a
      class="avatar"
      href="/account"
      aria-label=${t("nav.account", { name: account.username })}
      title=${account.username}
      >${[...account.username][0].toUpperCase()}</a
    >`,
  ];
}

/* Scheme and language, in a panel that closes with Escape or a click elsewhere. */
function Preferences() {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(null);
  const button = useRef(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const close = (event) => {
      if (event.type === "keydown" && event.key !== "Escape") return;
      if (event.type !== "keydown" && root.current.contains(event.target)) return;
      if (event.type === "keydown") button.current.focus();
      setOpen(false);
    };
    const events = ["keydown", "pointerdown", "focusin"];
    for (const name of events) document.addEventListener(name, close);
    return () => events.forEach((name) => document.removeEventListener(name, close));
  }, [isOpen]);
  return html`<div class="popover" ref=${root}>
    <button
      type="button"
      class="icon-button"
      ref=${button}
      aria-label=${t("preferences.label")}
      aria-expanded=${String(isOpen)}
      aria-controls="preferences"
      onClick=${() => setOpen(!isOpen)}
    >
      <${Icon} name="settings" size=${22} />
    </button>
    <div id="preferences" class="popover-panel" hidden=${!isOpen}>
      <${ThemeChoice} />
      <${LanguageChoice} />
    </div>
  </div>`;
}

function ThemeChoice() {
  const [theme, setTheme] = useState(readChoice("theme") ?? "system");
  const choose = (name) => {
    setTheme(name);
    storeChoice("theme", name === "system" ? null : name);
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
  };
  const options = THEMES.map((name) => [name, t(`theme.${name}`)]);
  return html`<${Choices}
    name="theme"
    legend=${t("theme.label")}
    options=${options}
    value=${theme}
    onChoose=${choose}
  />`;
}

function LanguageChoice() {
  return html`<${Choices}
    name="language"
    legend=${t("language.label")}
    options=${Object.entries(LANGUAGES)}
    value=${language.get()}
    onChoose=${setLanguage}
  />`;
}

function Choices({ name, legend, options, value, onChoose }) {
  return html`<fieldset class="choice-group">
    <legend>${legend}</legend>
    ${options.map(
      ([option, label]) =>
        html`<label class="choice" key=${option} lang=${name === "language" ? option : null}>
          <input
            type="radio"
            name=${name}
            value=${option}
            checked=${option === value}
            onChange=${() => onChoose(option)}
          />
          ${label}
        </label>`,
    )}
  </fieldset>`;
}
