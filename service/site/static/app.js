/* Start: the messages, the session, the router; then the header and the view of the address. */

import { Fragment, html, loadStyle, render, useEffect, useRef, useState } from "./lib.js";
import { Header } from "./components/header.js";
import { ErrorNotice, ViewState } from "./components/notice.js";
import { useDelayed } from "./components/skeleton.js";
import { language, loadMessages, t } from "./i18n.js";
import { markShown, route, startRouter } from "./router.js";
import { followOtherTabs, keepSessionAlive, restoreSession } from "./session.js";
import { createStore, useStore } from "./store.js";

/* Each view is a module in `views/` whose default export is a component; its messages and its
   stylesheet have the same name. */
const ROUTES = [
  [/^\/$/, "search"],
  [/^\/film\/([^/]+)$/, "film"],
  [/^\/user\/([^/]+)$/, "user"],
  [/^\/list\/([^/]+)$/, "list"],
  [/^\/names$/, "names"],
  [/^\/login$/, "login"],
  [/^\/register$/, "register"],
  [/^\/account$/, "account"],
  [/^\/admin(?:\/.*)?$/, "admin"],
];
const PERSONAL_VIEWS = ["account", "admin", "user", "list"]; // what they show depends on who reads
const SHARED_STYLES = { register: "login" };
const KEEP_ALIVE_MS = 20_000;
const MAX_WAIT_FOR_CONTENT_MS = 150;

const views = new Map();
const isOnline = createStore(navigator.onLine);

function matchRoute(path) {
  for (const [pattern, name] of ROUTES) {
    const match = pattern.exec(path);
    if (match) return { name, args: match.slice(1).map(decode) };
  }
  return null;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function loadView(name) {
  const [module] = await Promise.all([
    import(`./views/${name}.js`),
    loadMessages(name),
    loadStyle(SHARED_STYLES[name] ?? name),
  ]);
  views.set(name, module.default);
  return module;
}

/* Drawing once with the content is sooner done than drawing twice; but nobody waits long for it. */
async function loadFirstView(name) {
  const module = await loadView(name);
  const delay = new Promise((resolve) => setTimeout(resolve, MAX_WAIT_FOR_CONTENT_MS));
  await Promise.race([module.ready, delay]);
}

function App() {
  const entry = useStore(route);
  useStore(language);
  const match = matchRoute(entry.path);
  return html`<${Fragment}>
    <a class="skip-link" href="#main">${t("page.skip")}</a>
    <${Header} />
    <${OfflineBar} />
    <main id="main" class="main" tabindex="-1">
      ${match ? html`<${View} ...${match} entry=${entry} />` : html`<${NotFound} />`}
    </main>
  <//>`;
}

/* Shows the view of the address; the one before stays until the next one is loaded. */
function View({ name, args, entry }) {
  const shown = useRef(null);
  const [failure, setFailure] = useState(null);
  const [, setLoaded] = useState(name);
  const isPending = !views.has(name);
  const isLate = useDelayed(isPending);
  const load = () => {
    setFailure(null);
    loadView(name).then(
      () => setLoaded(name + entry.key),
      (error) => setFailure({ name, error }),
    );
  };
  useEffect(() => {
    if (isPending) load();
  }, [name]);
  if (failure?.name === name && isPending) {
    return html`<${ErrorNotice} error=${{ status: 0, code: "offline" }} onRetry=${load} />`;
  }
  if (!isPending) {
    shown.current = { name, args, entry };
    markShown(entry);
  }
  if (!shown.current) return isLate && html`<p class="muted">${t("page.loading")}</p>`;
  const { name: shownName, ...props } = shown.current;
  return html`<div aria-busy=${isPending ? "true" : null}>
    <${views.get(shownName)} key=${shownName} ...${props} />
  </div>`;
}

function NotFound() {
  useEffect(() => {
    document.title = `${t("page.not_found")} · ${t("page.name")}`;
  });
  return html`<${ViewState} icon="film" title=${t("page.not_found")} level=${1}>
    <p class="muted">${t("page.not_found.detail")}</p>
    <a class="button button-primary" href="/">${t("page.home")}</a>
  <//>`;
}

function OfflineBar() {
  const online = useStore(isOnline);
  return html`<div role="status">
    ${!online && html`<p class="offline-bar">${t("page.offline")}</p>`}
  </div>`;
}

function listen() {
  addEventListener("online", () => isOnline.set(true));
  addEventListener("offline", () => isOnline.set(false));
  followOtherTabs();
  setInterval(keepSessionAlive, KEEP_ALIVE_MS);
  document.addEventListener("visibilitychange", () => !document.hidden && keepSessionAlive());
}

async function start() {
  document.documentElement.lang = language.get();
  startRouter((path) => matchRoute(path) !== null);
  const first = matchRoute(location.pathname);
  const session = restoreSession();
  await Promise.all([
    loadMessages("core"),
    first && loadFirstView(first.name).catch(() => null),
    first && PERSONAL_VIEWS.includes(first.name) && session,
  ]);
  render(html`<${App} />`, document.getElementById("app"));
  listen();
}

start();
