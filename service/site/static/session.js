/* Who is logged in. The access token stays in memory; the refresh token is a cookie that scripts
   cannot read. */

import { request } from "./client.js";
import { readChoice, storeChoice } from "./choices.js";
import { createStore } from "./store.js";

const HINT = "session";
/* This browser has had a session: without it, a visitor's first request would be a refused one. */

const LOCK = "session-refresh";
const RENEW_BEFORE = 30; // seconds before the access token expires

/** The user, or null. */
export const user = createStore(null);

/** When the account is erased whose owner has just deleted it, or null. */
export const erasure = createStore(null);

let accessToken = null;
let renewAt = Infinity; // milliseconds
let renewal = null;

/** Return the access token, or null. */
export const getAccessToken = () => accessToken;

/** Take over the session of a login's answer. */
export function startSession(session) {
  accessToken = session.access_token;
  erasure.set(null);
  renewAt = performance.now() + (session.expires_in - RENEW_BEFORE) * 1000;
  storeChoice(HINT, session.user.id);
  user.set(session.user);
  return session.user;
}

/** Forget the session in this page. */
export function endSession() {
  accessToken = null;
  renewAt = Infinity;
  storeChoice(HINT, null);
  if (user.get()) user.set(null);
}

/** Log in; return the user. */
export async function login(credentials) {
  const body = { ...credentials, cookie: true };
  const { data } = await request("POST", "/auth/login", { body, anonymous: true });
  return startSession(data);
}

/** Log out, in all tabs of this browser. */
export const logout = () => end(() => request("POST", "/auth/logout"));

/** End all sessions of the user, on all devices. */
export const logoutEverywhere = () => end(() => request("POST", "/auth/logout-all"));

/** Follow what other tabs do: a login or a logout there holds here too. */
export function followOtherTabs() {
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== HINT) return;
    if (newValue === null) endSession();
    else if (newValue !== user.get()?.id) renewSession();
  });
}

/** Continue the session of an earlier visit, if there is one; return the user or null. */
export async function restoreSession() {
  if (readChoice(HINT)) await renewSession();
  return user.get();
}

/** Get a new access token; return whether that succeeded. Only one such request runs at a time.
 *
 * Tabs share the cookie. Where the browser has locks, they take turns, so that no late answer brings
 * back a cookie that was used already; elsewhere the service's grace has to do.
 */
export function renewSession() {
  renewal ??= refreshAlone().finally(() => (renewal = null));
  return renewal;
}

/** Renew the token if it expires soon. */
export async function keepSessionAlive() {
  if (performance.now() > renewAt) await renewSession();
}

async function end(send) {
  try {
    await send();
  } catch (error) {
    if (error.status !== 401) throw error; // 401: it has ended already
  }
  endSession();
}

function refreshAlone() {
  return navigator.locks ? navigator.locks.request(LOCK, refresh) : refresh();
}

async function refresh() {
  try {
    const body = { cookie: true };
    const { data } = await request("POST", "/auth/refresh", { body, anonymous: true });
    startSession(data);
    return true;
  } catch (error) {
    if (error.status >= 400 && error.status < 500 && error.status !== 429) endSession();
    return false;
  }
}
