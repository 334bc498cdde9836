/* The dialog that puts a film into one of one's lists, or into a new one. */

import { html } from "../lib.js";
import { Dialog } from "../components/dialog.js";
import { Field, Form, SubmitButton, useForm } from "../components/form.js";
import { ErrorNotice } from "../components/notice.js";
import { get, post, put } from "../client.js";
import { loadMessages, t } from "../i18n.js";
import { useLoaded } from "../loading.js";

await loadMessages("library");

const MAX_LISTS = 100;
const MAX_NAME_LENGTH = 100;
const MAX_NOTE_LENGTH = 1_000;

/** Ask for the list; `onDone` gets its name once the film is in it. */
export default function AddToList({ film, onDone, onClose }) {
  const lists = useLoaded((signal) => get("/lists", { params: { limit: MAX_LISTS }, signal }));
  const form = useForm(async ({ list, name, note }) => {
    const own = lists.data.results.find(({ id }) => id === list);
    const { id, name: listName } = own ?? (await post("/lists", { body: { name: name.trim() } }));
    await put(`/lists/${id}/items/${film.id}`, { body: { note: note.trim() || null } });
    onDone(listName);
  });
  const actions = html`<${SubmitButton} form=${form}>${t("library.add")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  return html`<${Dialog} title=${t("library.add_title")} onClose=${onClose}>
    ${lists.error && html`<${ErrorNotice} error=${lists.error} onRetry=${lists.reload} />`}
    ${lists.data &&
    html`<${Form} form=${form} label=${t("library.add_title")} actions=${actions}>
      <${Field} form=${form} name="list" tag="select" label=${t("library.list")}>
        ${lists.data.results.map(
          ({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`,
        )}
        <option value="">${t("library.another_list")}</option>
      <//>
      <${Field}
        form=${form}
        name="name"
        label=${t("library.new_list")}
        hint=${t("library.new_list_hint")}
        maxlength=${MAX_NAME_LENGTH}
        autocomplete="off"
        dir="auto"
      />
      <${Field}
        form=${form}
        name="note"
        label=${t("library.note")}
        hint=${t("library.note_hint")}
        maxlength=${MAX_NOTE_LENGTH}
        autocomplete="off"
        dir="auto"
      />
    <//>`}
  <//>`;
}
