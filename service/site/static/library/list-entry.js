/* A film of a list that is being changed: its handle, its note, and what can be done about it. */

import { html } from "../lib.js";
import { Icon } from "../components/icon.js";
import { t } from "../i18n.js";
import { FilmRow } from "./film-row.js";

/** Return the film of an entry, also of one that was deleted. */
export const entryFilm = (entry) => entry.movie ?? entry.deleted_movie;

/** Return the id of the element by which an entry is moved. */
export const handleId = (filmId) => `move-${filmId}`;

/* Where the keys of a handle move an entry to, from `index` of `count`. */
const KEYS = {
  ArrowUp: (index) => index - 1,
  ArrowDown: (index) => index + 1,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Show the entry; `onMove(from, to)` moves it, and `drag` is what `useDrag` returns. */
export function ListEntry({ entry, index, count, drag, onMove, onRemove, onNote }) {
  const { id, title } = entryFilm(entry);
  const moveByKey = (event) => {
    const target = KEYS[event.key]?.(index, count);
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onMove(index, target);
  };
  const button = (key, onClick) => html`<button
    type="button"
    class="button button-small"
    aria-label=${t(`library.${key}_named`, { title })}
    onClick=${onClick}
  >
    ${t(`library.${key}`)}
  </button>`;
  const buttons = html`<div class="row-buttons">
    ${index > 0 && button("to_top", () => onMove(index, 0))}
    ${entry.movie && button("note", onNote)} ${button("remove", onRemove)}
  </div>`;
  return html`<${FilmRow}
    entry=${entry}
    side=${buttons}
    class=${`row list-entry ${drag.classOf(index)}`}
    handle=${count > 1 &&
    html`<button
      type="button"
      class="icon-button list-handle"
      id=${handleId(id)}
      aria-label=${t("library.move_named", { title, position: index + 1, total: count })}
      aria-describedby="order-hint"
      onKeyDown=${moveByKey}
      ...${drag.handlers(index)}
    >
      <${Icon} name="move" />
    </button>`}
  >
    ${entry.note && html`<span class="row-reason list-entry-note" dir="auto">${entry.note}</span>`}
  <//>`;
}
