/* The deletion of a film, once it was asked for and nobody has changed the film meanwhile. */

import { html, useState } from "../lib.js";
import { ConfirmDialog } from "../components/dialog.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { request } from "../client.js";
import { t } from "../i18n.js";
import { FilmName } from "./film-name.js";
import { useAction } from "../loading.js";

/** Show the button that deletes a film. */
export function DeleteFilm({ film, onDone }) {
  const [shown, setShown] = useState(null); // the film and its tag as last read, while asking
  const ask = useAction(async () => {
    const { data, response } = await request("GET", `/movies/${film.id}`, { cache: "no-store" });
    setShown({ film: data, etag: response.headers.get("ETag") });
  });
  const remove = useAction(async () => {
    const headers = { "If-Match": shown.etag };
    const { response } = await request("DELETE", `/movies/${film.id}`, { headers });
    setShown(null);
    onDone(t("admin.deleted", { title: shown.film.title }), response);
  });
  const isChanged = remove.error?.status === 412;
  return html`<div>
    <button type="button" class="button button-danger" disabled=${ask.isBusy} onClick=${ask.run}>
      ${t("admin.delete")}
    </button>
    ${ask.error && html`<${ErrorNotice} error=${ask.error} />`}
    ${shown &&
    html`<${ConfirmDialog}
      title=${t("admin.delete_title")}
      confirm=${t("admin.delete")}
      isBusy=${remove.isBusy}
      onConfirm=${() => remove.run()}
      onClose=${() => setShown(null)}
    >
      <p class="dialog-film"><${FilmName} film=${shown.film} /></p>
      <p>${t("admin.delete_detail")}</p>
      ${isChanged &&
      html`<${Notice}
        kind="danger"
        title=${t("admin.conflict")}
        action=${html`<button type="button" class="button" onClick=${ask.run}>
          ${t("admin.reload")}
        </button>`}
      />`}
      ${remove.error && !isChanged && html`<${ErrorNotice} error=${remove.error} />`}
    <//>`}
  </div>`;
}
