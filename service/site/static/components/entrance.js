/* The frame of the views for people who are not logged in, and where they go from there. */

import { html, useEffect, useRef } from "../lib.js";
import { t } from "../i18n.js";
import { navigate, route, useSettled } from "../router.js";
import { user } from "../session.js";
import { useStore } from "../store.js";

const START = "/";
const ACCOUNT = "/account"; // where an account that is to be erased is restored

/** Show a form alone; users who are logged in go on to the page that was wanted. */
export function Entrance({ entry, title, children, aside }) {
  const account = useStore(user);
  const next = readNext(entry.params);
  useSettled(true);
  useEffect(() => {
    document.title = `${title} · ${t("page.name")}`;
  }, [title]);
  useEffect(() => {
    if (account) navigate(account.erase_at ? ACCOUNT : next, { replace: true, keep: false });
  }, [account]);
  const element = useRef(null);
  useEffect(() => element.current.querySelector("input")?.focus(), []);
  return html`<div class="entrance" ref=${element}>
    <div class="card">
      <h1>${title}</h1>
      ${children}
    </div>
    <p class="entrance-aside">${aside}</p>
    ${location.protocol === "http:" && html`<p class="entrance-note">${t("form.plain_http")}</p>`}
  </div>`;
}

/** Return the account that is logged in; without one, return null and lead to the login. */
export function useRequiredAccount(entry) {
  const account = useStore(user);
  useEffect(() => {
    const isLeaving = route.get().path !== entry.path; // the next view is being loaded
    if (isLeaving) return;
    if (account) {
      if (account.erase_at && entry.path !== ACCOUNT) navigate(ACCOUNT, { replace: true });
      return;
    }
    const next = location.pathname + location.search;
    navigate(entranceAddress("/login", next), { replace: true, keep: false });
  }, [account]);
  return account;
}

/** Return an address of an entrance that leads on to `next`. */
export function entranceAddress(path, next) {
  return next && next !== START ? `${path}?next=${encodeURIComponent(next)}` : path;
}

/** Return the page that was wanted, of this origin only. */
export function readNext(params) {
  try {
    const url = new URL(params.get("next") ?? START, location.origin);
    return url.origin === location.origin ? url.pathname + url.search + url.hash : START;
  } catch {
    return START;
  }
}
