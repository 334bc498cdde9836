/* Messages to the reader: a notice in the page, and the state of a view that cannot be shown. */

import { html } from "../lib.js";
import { hasMessage, t } from "../i18n.js";
import { Icon } from "./icon.js";

/** Show a notice; `kind` is info, good, warning or danger. A danger is announced at once. */
export function Notice({ kind = "info", title, children, action }) {
  return html`<div class="notice notice-${kind}" role=${kind === "danger" ? "alert" : "status"}>
    <div class="notice-text">
      ${title && html`<p class="notice-title">${title}</p>`}
      ${children && html`<div class="notice-detail">${children}</div>`}
    </div>
    ${action}
  </div>`;
}

/** Show an error of the API, with a button that tries again. */
export function ErrorNotice({ error, onRetry }) {
  return html`<${Notice}
    kind="danger"
    title=${errorTitle(error)}
    action=${onRetry &&
    html`<button type="button" class="button" onClick=${onRetry}>${t("error.retry")}</button>`}
  >
    <p>${errorDetail(error)}</p>
    ${error.requestId &&
    html`<p class="muted">${t("error.request_id")} <code>${error.requestId}</code></p>`}
  <//>`;
}

/** Show the centred state of a view: an icon, a heading, a text and what one can do. */
export function ViewState({ icon, title, children, level = 2 }) {
  return html`<div class="state">
    ${icon && html`<${Icon} name=${icon} size=${40} />`}
    <${`h${level}`}>${title}<//>
    ${children}
  </div>`;
}

/** Return what happened, in a few words. */
export function errorTitle(error) {
  if (error.status === 0) return t(`error.${error.code ?? "offline"}`);
  if (error.status === 429) return t("error.too_many");
  if (error.status === 503) return t("error.unavailable");
  if (error.status >= 500) return t("error.internal");
  const key = `error.code.${error.code}`;
  return hasMessage(key) ? t(key) : t("error.refused");
}

/** Return what the reader can do about it. */
export function errorDetail(error) {
  if (error.status === 0) return t(`error.${error.code ?? "offline"}.advice`);
  if (error.status === 429 || (error.status === 503 && error.retryAfter)) {
    return t("error.wait", { n: error.retryAfter ?? 1 });
  }
  if (error.status >= 500) return t("error.internal.advice");
  return error.detail ?? t("error.internal.advice");
}
