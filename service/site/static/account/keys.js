/* API keys: made for programs, shown once, deleted one by one. */

import { html, useRef, useState } from "../lib.js";
import { ConfirmDialog } from "../components/dialog.js";
import { announce } from "../components/live-region.js";
import { ErrorNotice } from "../components/notice.js";
import { Row, Rows } from "../components/rows.js";
import { ShownSecret } from "../components/shown-secret.js";
import { Skeleton, useDelayed } from "../components/skeleton.js";
import { get, remove } from "../client.js";
import { RelativeTime } from "../format.js";
import { t, tParts } from "../i18n.js";
import { useAction, useLoaded } from "../loading.js";
import { ClientAddresses } from "./client-addresses.js";
import { NewKeyForm } from "./new-key.js";

/** Show the keys of an account, and make new ones. */
export function Keys({ account }) {
  const { data, error, reload } = useLoaded((signal) => get("/me/keys", { signal }));
  const [made, setMade] = useState(null); // the key that was just made, with its secret
  const [isMaking, setMaking] = useState(false);
  const [deleted, setDeleted] = useState(null); // the key that is to be deleted, while asking
  const isLate = useDelayed(!data && !error);
  const heading = useRef(null);
  const finish = (key) => {
    setMaking(false);
    setMade(key);
    reload();
  };
  const close = () => {
    setMade(null);
    heading.current.focus();
  };
  const afterDeletion = () => {
    announce(t("account.key_deleted", { name: deleted.name }), "keys");
    if (made?.id === deleted.id) setMade(null);
    setDeleted(null);
    heading.current.focus();
    reload();
  };
  return html`<section class="card" aria-labelledby="account-keys">
    <div class="card-head">
      <h2 id="account-keys" ref=${heading} tabindex="-1">${t("account.tab.keys")}</h2>
      ${!isMaking &&
      html`<button type="button" class="button button-small" onClick=${() => setMaking(true)}>
        ${t("account.new_key")}
      </button>`}
    </div>
    <p class="muted">${tParts("account.keys_detail", { header: html`<code>X-API-Key</code>` })}</p>
    ${error && html`<${ErrorNotice} error=${error} onRetry=${reload} />`}
    ${made && html`<${ShownSecret}
      title=${t("account.key_made", { name: made.name })}
      detail=${t("account.key_made_detail")}
      label=${t("account.key")}
      copyLabel=${t("account.copy_key")}
      value=${made.key}
      onClose=${close}
    />`}
    ${isMaking &&
    html`<${NewKeyForm} account=${account} onDone=${finish} onClose=${() => setMaking(false)} />`}
    ${!data && isLate && html`<${Skeleton} height="64px" />`}
    ${data?.results.length === 0 && !isMaking && html`<p class="muted">${t("account.no_keys")}</p>`}
    ${data?.results.length > 0 &&
    html`<${Rows} label=${t("account.tab.keys")}>
      ${data.results.map((key) => html`<${KeyRow} key=${key.id} entry=${key} onDelete=${setDeleted} />`)}
    <//>`}
    ${deleted &&
    html`<${ConfirmDeletion}
      entry=${deleted}
      onDone=${afterDeletion}
      onClose=${() => setDeleted(null)}
    />`}
    </section>
    <${ClientAddresses} secret=${made?.scopes.includes("read") ? made.key : null} />`;
}

function KeyRow({ entry, onDelete }) {
  const isExpired = entry.expires_at !== null && new Date(entry.expires_at) < new Date();
  const scopes = entry.scopes.map((scope) => t(`account.scope.${scope}`)).join(" · ");
  const side = html`<button
    type="button"
    class="button button-small"
    aria-label=${t("account.delete_key_named", { name: entry.name })}
    onClick=${() => onDelete(entry)}
  >
    ${t("account.delete_key")}
  </button>`;
  return html`<${Row} title=${entry.name} side=${side}>
    <span class="muted"><code>…${entry.ending}</code> · ${scopes}</span>
    <span class="muted">
      ${entry.last_used_at
        ? tParts("account.key_used", { when: html`<${RelativeTime} value=${entry.last_used_at} />` })
        : t("account.key_unused")}
      ${" · "}${expiry(entry, isExpired)}
    </span>
  <//>`;
}

function expiry({ expires_at: at }, isExpired) {
  if (at === null) return t("account.key_lasts");
  const when = html`<${RelativeTime} value=${at} />`;
  if (!isExpired) return tParts("account.key_expires", { when });
  return html`<strong class="field-error">${tParts("account.key_expired", { when })}</strong>`;
}

function ConfirmDeletion({ entry, onDone, onClose }) {
  const deletion = useAction(async () => {
    await deleteKey(entry);
    onDone();
  });
  return html`<${ConfirmDialog}
    title=${t("account.delete_key_title")}
    confirm=${t("account.delete_key")}
    isBusy=${deletion.isBusy}
    onConfirm=${() => deletion.run()}
    onClose=${onClose}
  >
    <p><strong dir="auto">${entry.name}</strong> <code>…${entry.ending}</code></p>
    <p>${t("account.delete_key_detail")}</p>
    ${deletion.error && html`<${ErrorNotice} error=${deletion.error} />`}
  <//>`;
}

/* A key that was deleted meanwhile is no error. */
async function deleteKey({ id }) {
  try {
    await remove(`/me/keys/${id}`);
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}
