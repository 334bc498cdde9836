/* Every request to the API, with its errors.

   A request rejects with an `ApiError`: `status` and the fields of the problem document, or status 0
   if no answer came (`code` is `offline` or `timeout`). An aborted request rejects with the signal's
   `AbortError`; test for it with `isAborted`. */

import { getAccessToken, renewSession } from "./session.js";

const BASE = "/api/v1";
const TIMEOUT_MS = 20_000;

/** An answer that is an error, or no answer. */
export class ApiError extends Error {
  constructor(status, problem = {}, retryAfter = null) {
    super(problem.detail ?? problem.title ?? `status ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? null;
    this.detail = problem.detail ?? null;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id ?? null;
    this.retryAfter = retryAfter;
  }
}

/** Return whether a rejection is only an abort. */
export const isAborted = (error) => error?.name === "AbortError";

/** Send a request; return the parsed body (`data`) and the response.
 *
 * Args:
 *   path: behind `/api/v1`, or from the root if it starts with `/api/` or `/health/`.
 *   params: query parameters; null, undefined and "" are left out, lists are repeated.
 *   body: sent as JSON.
 *   anonymous: do not send the access token.
 *   cache: as in `fetch`; "no-store" where the browser's copy must not answer.
 *   isFile: return a file as `data`, a Blob; what is JSON stays parsed.
 */
export async function request(method, path, options = {}) {
  const response = await send(method, path, options);
  const isRenewable = response.status === 401 && !options.anonymous && getAccessToken();
  if (isRenewable && (await renewSession())) {
    return read(await send(method, path, options), options);
  }
  return read(response, options);
}

export const get = async (path, options) => (await request("GET", path, options)).data;
export const post = async (path, options) => (await request("POST", path, options)).data;
export const put = async (path, options) => (await request("PUT", path, options)).data;
export const patch = async (path, options) => (await request("PATCH", path, options)).data;
export const remove = async (path, options) => (await request("DELETE", path, options)).data;

/** Return the address of an API path with its parameters. */
export function apiUrl(path, params = {}) {
  const url = /^\/(api|health)\//.test(path) ? path : BASE + path;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined && item !== "") search.append(name, item);
    }
  }
  const query = search.toString();
  if (!query) return url;
  return url + (url.includes("?") ? "&" : "?") + query;
}

async function send(method, path, { params, body, headers, signal, anonymous, timeoutMs, cache, isFile }) {
  const sent = new Headers(headers);
  sent.set("Accept", isFile ? "*/*" : "application/json");
  if (body !== undefined) sent.set("Content-Type", "application/json");
  const token = anonymous ? null : getAccessToken();
  if (token) sent.set("Authorization", `Bearer ${token}`);
  const timeout = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS);
  try {
    return await fetch(apiUrl(path, params), {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      credentials: "same-origin",
      cache,
    });
  } catch (error) {
    throw toApiError(error, signal);
  }
}

async function read(response, { isFile = false }) {
  const isJson = response.headers.get("Content-Type")?.includes("json");
  let data = null;
  try {
    if (response.ok && isFile && !isJson) return { data: await response.blob(), response };
    const text = await response.text();
    if (text) data = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) data = null;
    else throw toApiError(error);
  }
  if (response.ok) return { data, response };
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  throw new ApiError(response.status, data ?? {}, retryAfter);
}

function toApiError(error, signal) {
  if (signal?.aborted || isAborted(error)) {
    return new DOMException("The request was aborted.", "AbortError");
  }
  return new ApiError(0, { code: error?.name === "TimeoutError" ? "timeout" : "offline" });
}
