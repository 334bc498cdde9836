/* The header: name, search box, links, the account, and the choices of scheme and language. */

import { html, useEffect, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { route } from "../router.js";
import { user } from "../session.js";
import { useStore } from "../store.js";
import { Icon } from "./icon.js";
import { PreferenceChoices } from "./preferences.js";
import { SearchBox } from "./search-box.js";

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
    return html`<a href=${loginAddress()} aria-current=${current}>${t("nav.login")}</a>`;
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
      <${PreferenceChoices} place="header" />
    </div>
  </div>`;
}

/* A login leads back to the page from which it was opened. */
function loginAddress() {
  const { pathname, search } = location;
  const isEntrance = pathname === "/login" || pathname === "/register";
  if (isEntrance || pathname + search === "/") return "/login";
  return `/login?next=${encodeURIComponent(pathname + search)}`;
}
