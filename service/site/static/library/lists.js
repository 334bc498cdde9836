/* One's own lists of films: all of them, or the films of one. */

import { html, useState } from "../lib.js";
import { ConfirmDialog } from "../components/dialog.js";
import { Field, Form, SubmitButton, useForm } from "../components/form.js";
import { ErrorNotice } from "../components/notice.js";
import { PagedRows, Row } from "../components/rows.js";
import { get, post, remove } from "../client.js";
import { loadMessages, t } from "../i18n.js";
import { useAction, usePages } from "../loading.js";
import { navigate } from "../router.js";
import { FilmRow, RemoveButton } from "./film-row.js";

await loadMessages("library");

const ADDRESS = "/account?tab=lists";
const SHOWN_LISTS = 50;
const SHOWN_FILMS = 100;
const VISIBILITIES = ["private", "unlisted", "public"];
const MAX_NAME_LENGTH = 100;

/** Show one's lists, or the list that the address names. */
export function Lists({ entry }) {
  const id = entry.params.get("list");
  return id ? html`<${FilmList} key=${id} id=${id} />` : html`<${AllLists} />`;
}

function AllLists() {
  const pages = usePages((params, signal) => get("/lists", { params, signal }), { limit: SHOWN_LISTS });
  return html`<section class="card" aria-labelledby="lists-title">
    <h2 id="lists-title">${t("account.tab.lists")}</h2>
    <${NewList} onDone=${pages.reload} />
    <${PagedRows} pages=${pages} label=${t("account.tab.lists")} none=${t("library.no_lists")}>
      ${(list) => html`<${Row}
        key=${list.id}
        title=${html`<a href=${`${ADDRESS}&list=${list.id}`}>${list.name}</a>`}
        side=${html`<span class="badge-state">${t(`library.visibility.${list.visibility}`)}</span>`}
      >
        <span class="muted">${t("library.films", { n: list.movies })}</span>
      <//>`}
    <//>
  </section>`;
}

function NewList({ onDone }) {
  const form = useForm(async (body) => {
    await post("/lists", { body });
    form.element.current.reset();
    onDone();
  });
  const actions = html`<${SubmitButton} form=${form}>${t("library.make_list")}<//>`;
  return html`<${Form} form=${form} label=${t("library.make_list")} actions=${actions}>
    <${Field}
      form=${form}
      name="name"
      label=${t("library.new_list")}
      required
      maxlength=${MAX_NAME_LENGTH}
      autocomplete="off"
      dir="auto"
    />
    <${Field} form=${form} name="visibility" tag="select" label=${t("library.visibility")}>
      ${VISIBILITIES.map(
        (name) => html`<option key=${name} value=${name}>${t(`library.visibility.${name}`)}</option>`,
      )}
    <//>
  <//>`;
}

function FilmList({ id }) {
  const pages = usePages(
    (params, signal) => get(`/lists/${encodeURIComponent(id)}`, { params, signal }),
    { limit: SHOWN_FILMS },
  );
  const [isAsking, setAsking] = useState(false);
  const removal = useAction(async ({ movie, deleted_movie: deleted }) => {
    await remove(`/lists/${id}/items/${(movie ?? deleted).id}`);
    pages.reload();
  });
  const toTop = useAction(async ({ movie }) => {
    await post(`/lists/${id}/order`, { body: { movies: [movie.id] } });
    pages.reload();
  });
  const deletion = useAction(async () => {
    await remove(`/lists/${id}`);
    navigate(ADDRESS, { replace: true });
  });
  const error = removal.error ?? toTop.error ?? deletion.error;
  const name = pages.first?.list.name ?? t("library.list");
  return html`<section class="card" aria-labelledby="list-title">
    <div class="card-head">
      <h2 id="list-title" dir="auto">${name}</h2>
      <button type="button" class="button button-small button-danger" onClick=${() => setAsking(true)}>
        ${t("library.delete_list")}
      </button>
    </div>
    <p><a href=${ADDRESS}>${t("library.all_lists")}</a></p>
    ${error && html`<${ErrorNotice} error=${error} />`}
    <${PagedRows} pages=${pages} label=${name} none=${t("library.empty_list")}>
      ${(entry, index) => html`<${FilmRow}
        key=${(entry.movie ?? entry.deleted_movie).id}
        entry=${entry}
        side=${html`<div class="row-buttons">
          ${index > 0 &&
          entry.movie &&
          html`<button
            type="button"
            class="button button-small"
            aria-label=${t("library.to_top_named", { title: entry.movie.title })}
            disabled=${toTop.isBusy}
            onClick=${() => toTop.run(entry)}
          >
            ${t("library.to_top")}
          </button>`}
          <${RemoveButton} entry=${entry} action=${removal} onClick=${() => removal.run(entry)} />
        </div>`}
      >
        ${entry.note && html`<span class="row-reason" dir="auto">${entry.note}</span>`}
      <//>`}
    <//>
    ${isAsking &&
    html`<${ConfirmDialog}
      title=${t("library.delete_list_title")}
      confirm=${t("library.delete_list")}
      isBusy=${deletion.isBusy}
      onConfirm=${() => deletion.run().then(() => setAsking(false))}
      onClose=${() => setAsking(false)}
    >
      <p dir="auto">${name}</p>
    <//>`}
  </section>`;
}
