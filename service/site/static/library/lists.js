/* One's own lists of films: all of them, or one to be changed. */

import { html } from "../lib.js";
import { Form, SubmitButton, useForm } from "../components/form.js";
import { PagedRows, Row } from "../components/rows.js";
import { get, post } from "../client.js";
import { loadMessages, t } from "../i18n.js";
import { usePages } from "../loading.js";
import { LISTS_ADDRESS, NameField, VisibilityField } from "./list-fields.js";
import { ListEditor } from "./list-editor.js";

await loadMessages("library");

const SHOWN_LISTS = 50;

/** Show one's lists, or the list that the address names. */
export function Lists({ entry }) {
  const id = entry.params.get("list");
  return id ? html`<${ListEditor} key=${id} id=${id} />` : html`<${AllLists} />`;
}

function AllLists() {
  const pages = usePages((params, signal) => get("/lists", { params, signal }), { limit: SHOWN_LISTS });
  return html`<section class="card" aria-labelledby="lists-title">
    <h2 id="lists-title">${t("account.tab.lists")}</h2>
    <${NewList} onDone=${pages.reload} />
    <${PagedRows} pages=${pages} label=${t("account.tab.lists")} none=${t("library.no_lists")}>
      ${(list) => html`<${Row}
        key=${list.id}
        title=${html`<a href=${`${LISTS_ADDRESS}&list=${list.id}`}>${list.name}</a>`}
        side=${html`<span class="badge-state">${t(`library.visibility.${list.visibility}`)}</span>`}
      >
        <span class="muted">
          ${t("library.films", { n: list.movies })}${" · "}
          <a href=${`/list/${list.id}`} aria-label=${t("library.show_named", { name: list.name })}>
            ${t("library.show")}
          </a>
        </span>
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
    <${NameField} form=${form} label=${t("library.new_list")} />
    <${VisibilityField} form=${form} />
  <//>`;
}
