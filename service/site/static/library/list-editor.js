/* One of one's own lists: what it is called and who sees it, its films, their notes and their order. */

import { html, loadStyle, useEffect, useState } from "../lib.js";
import { CopyButton } from "../components/copy-button.js";
import { ConfirmDialog, Dialog } from "../components/dialog.js";
import { Field, Form, SubmitButton, useForm } from "../components/form.js";
import { announce } from "../components/live-region.js";
import { ErrorNotice } from "../components/notice.js";
import { Rows } from "../components/rows.js";
import { Skeleton, useDelayed } from "../components/skeleton.js";
import { get, patch, post, put, remove } from "../client.js";
import { loadMessages, t } from "../i18n.js";
import { useAction } from "../loading.js";
import { useOptimistic } from "../optimistic.js";
import { navigate } from "../router.js";
import { LISTS_ADDRESS, MAX_TEXT_LENGTH, NameField, VisibilityField } from "./list-fields.js";
import { ListEntry, entryFilm, handleId } from "./list-entry.js";
import { useDrag } from "./drag.js";

await Promise.all([loadMessages("library"), loadStyle("list-editor")]);

const PAGE_SIZE = 100;

/** Show the list to be changed. */
export function ListEditor({ id }) {
  const content = useOptimistic((signal) => loadList(id, signal));
  const { value, error, reload, isUnread } = content;
  const isLate = useDelayed(!value && !error);
  if (isUnread && error.status === 404) return html`<${NoList} />`;
  return html`${error && html`<${ErrorNotice} error=${error} onRetry=${isUnread ? reload : null} />`}
    ${!value && isLate && html`<${Skeleton} height="200px" radius="12px" />`}
    ${value && html`<${Settings} list=${value.list} content=${content} />`}
    ${value && html`<${Films} list=${value.list} content=${content} />`}`;
}

/* All films at once, page after page: they are put in order as a whole. */
async function loadList(id, signal) {
  const entries = [];
  let params = { limit: PAGE_SIZE };
  for (;;) {
    const { list, results, next } = await get(`/lists/${encodeURIComponent(id)}`, { params, signal });
    entries.push(...results);
    if (!next) return { list, entries };
    params = Object.fromEntries(new URL(next, location.origin).searchParams);
  }
}

function NoList() {
  return html`<section class="card" aria-labelledby="list-title">
    <h2 id="list-title">${t("library.no_list")}</h2>
    <p><a href=${LISTS_ADDRESS}>${t("library.all_lists")}</a></p>
  </section>`;
}

function Settings({ list, content }) {
  const [isSaved, setSaved] = useState(false);
  const form = useForm(async ({ name, description, visibility }) => {
    const body = { name: name.trim(), description: description.trim() || null, visibility };
    const changed = await patch(`/lists/${list.id}`, { body });
    content.save({ ...content.value, list: changed }, async () => {});
    setSaved(true);
  });
  const address = () => new URL(`/list/${list.id}`, location.origin).href;
  const actions = html`<${SubmitButton} form=${form}>${t("library.save")}<//>
    ${isSaved && html`<span class="muted" role="status">${t("library.saved")}</span>`}`;
  return html`<section class="card" aria-labelledby="list-title" onInput=${() => setSaved(false)}>
    <div class="card-head">
      <h2 id="list-title" tabindex="-1" dir="auto">${list.name}</h2>
      <div class="editor-actions">
        ${list.visibility !== "private" &&
        html`<${CopyButton} class="button button-small" text=${address} label=${t("copy.link")} />`}
        <a class="button button-small" href=${`/list/${list.id}`}>${t("library.show")}</a>
        <${DeleteButton} list=${list} />
      </div>
    </div>
    <p><a href=${LISTS_ADDRESS}>${t("library.all_lists")}</a></p>
    <${Form} form=${form} label=${t("library.list")} actions=${actions}>
      <${NameField} form=${form} label=${t("library.name")} value=${list.name} />
      <${Field}
        form=${form}
        name="description"
        tag="textarea"
        label=${t("library.description")}
        defaultValue=${list.description ?? ""}
        maxlength=${MAX_TEXT_LENGTH}
        rows="3"
        dir="auto"
      />
      <${VisibilityField} form=${form} value=${list.visibility} />
    <//>
  </section>`;
}

function DeleteButton({ list }) {
  const [isAsking, setAsking] = useState(false);
  const deletion = useAction(async () => {
    await remove(`/lists/${list.id}`);
    navigate(LISTS_ADDRESS, { replace: true });
  });
  return html`<button type="button" class="button button-small button-danger" onClick=${() => setAsking(true)}>
      ${t("library.delete_list")}
    </button>
    ${isAsking &&
    html`<${ConfirmDialog}
      title=${t("library.delete_list_title")}
      confirm=${t("library.delete_list")}
      isBusy=${deletion.isBusy}
      onConfirm=${() => deletion.run()}
      onClose=${() => setAsking(false)}
    >
      ${deletion.error && html`<${ErrorNotice} error=${deletion.error} />`}
      <p dir="auto">${list.name}</p>
      <p class="muted">${t("library.delete_list_detail")}</p>
    <//>`}`;
}

function Films({ list, content }) {
  const { entries } = content.value;
  const [noted, setNoted] = useState(null); // the entry whose note is being changed
  const [focus, setFocus] = useState(null); // the id of the element that has the focus after a change
  useEffect(() => {
    if (focus) document.getElementById(focus.id)?.focus();
  }, [focus]);
  const change = (next, send) => content.save({ ...content.value, entries: next }, send);
  const move = (from, to) => {
    if (to < 0 || to >= entries.length || to === from) return;
    const next = moveEntry(entries, from, to);
    const first = next.slice(0, Math.max(from, to) + 1).map((entry) => entryFilm(entry).id);
    change(next, async () => {
      await post(`/lists/${list.id}/order`, { body: { movies: first } });
    });
    const { id, title } = entryFilm(entries[from]);
    setFocus({ id: handleId(id) });
    announce(t("library.moved", { title, position: to + 1, total: entries.length }), "order");
  };
  const removeEntry = (index) => {
    const { id } = entryFilm(entries[index]);
    const next = entries.filter((entry) => entry !== entries[index]);
    change(next, () => remove(`/lists/${list.id}/items/${id}`));
    const neighbour = next[Math.min(index, next.length - 1)];
    setFocus({ id: neighbour ? handleId(entryFilm(neighbour).id) : "list-title" });
  };
  const drag = useDrag(move);
  return html`<section class="card" aria-labelledby="films-title">
    <h2 id="films-title">${t("library.films", { n: entries.length })}</h2>
    ${entries.length > 1 && html`<p class="muted" id="order-hint">${t("library.order_hint")}</p>`}
    ${entries.length === 0 && html`<p class="muted">${t("library.empty_list")}</p>`}
    <${Rows} label=${list.name}>
      ${entries.map(
        (entry, index) => html`<${ListEntry}
          key=${entryFilm(entry).id}
          entry=${entry}
          index=${index}
          count=${entries.length}
          drag=${drag}
          onMove=${move}
          onRemove=${() => removeEntry(index)}
          onNote=${() => setNoted(entry)}
        />`,
      )}
    <//>
    ${noted &&
    html`<${NoteDialog}
      list=${list}
      entry=${noted}
      onDone=${(changed) => {
        change(entries.map((entry) => (entry === noted ? changed : entry)), async () => {});
        setNoted(null);
      }}
      onClose=${() => setNoted(null)}
    />`}
  </section>`;
}

function moveEntry(entries, from, to) {
  const next = entries.filter((_, index) => index !== from);
  next.splice(to, 0, entries[from]);
  return next;
}

function NoteDialog({ list, entry, onDone, onClose }) {
  const form = useForm(async ({ note }) => {
    const body = { note: note.trim() || null };
    onDone(await put(`/lists/${list.id}/items/${entry.movie.id}`, { body }));
  });
  const actions = html`<${SubmitButton} form=${form}>${t("library.save")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  const title = t("library.note_named", { title: entry.movie.title });
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <${Form} form=${form} label=${title} actions=${actions}>
      <${Field}
        form=${form}
        name="note"
        tag="textarea"
        label=${t("library.note")}
        defaultValue=${entry.note ?? ""}
        maxlength=${MAX_TEXT_LENGTH}
        rows="5"
        dir="auto"
      />
    <//>
  <//>`;
}
