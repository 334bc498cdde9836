/* The merging of two films: one stays, and the addresses of the other lead to it for good. */

import { html, useState } from "../lib.js";
import { ConfirmDialog, Dialog } from "../components/dialog.js";
import { ErrorNotice } from "../components/notice.js";
import { request } from "../client.js";
import { t } from "../i18n.js";
import { useFilms } from "./film-list.js";
import { FilmName } from "./film-name.js";
import { useAction } from "../loading.js";

/** Show the button that merges a film into another one, which is chosen in a dialog. */
export function MergeFilm({ film, onDone }) {
  const [isChoosing, setChoosing] = useState(false);
  const [into, setInto] = useState(null);
  const choose = (other) => {
    setChoosing(false);
    setInto(other);
  };
  return html`<button type="button" class="button" onClick=${() => setChoosing(true)}>
      ${t("admin.merge")}
    </button>
    ${isChoosing &&
    html`<${ChooseFilm} film=${film} onChoose=${choose} onClose=${() => setChoosing(false)} />`}
    ${into &&
    html`<${ConfirmMerge} film=${film} into=${into} onDone=${onDone} onClose=${() => setInto(null)} />`}`;
}

/** Ask whether `film` is to be merged into the film `into`. */
export function ConfirmMerge({ film, into, onDone, onClose }) {
  const merge = useAction(async () => {
    const { response } = await request("POST", `/admin/movies/${film.id}/merge`, {
      body: { into: into.id },
    });
    onClose();
    onDone(t("admin.merged", { title: into.title }), response);
  });
  return html`<${ConfirmDialog}
    title=${t("admin.merge_title")}
    confirm=${t("admin.merge_confirm")}
    isBusy=${merge.isBusy}
    onConfirm=${() => merge.run()}
    onClose=${onClose}
  >
    <p>${t("admin.merge_goes")}</p>
    <p class="dialog-film"><${FilmName} film=${film} /></p>
    <p>${t("admin.merge_stays")}</p>
    <p class="dialog-film"><${FilmName} film=${into} /></p>
    <p>${t("admin.merge_detail")}</p>
    ${merge.error && html`<${ErrorNotice} error=${merge.error} />`}
  <//>`;
}

function ChooseFilm({ film, onChoose, onClose }) {
  const [query, setQuery] = useState(film.title);
  const { films, error, retry } = useFilms(query);
  const others = films?.filter(({ id }) => id !== film.id);
  return html`<${Dialog} title=${t("admin.merge_choose")} onClose=${onClose}>
    <div class="field">
      <label for="merge-query">${t("admin.find")}</label>
      <input
        id="merge-query"
        class="input"
        type="search"
        autocomplete="off"
        value=${query}
        onInput=${(event) => setQuery(event.target.value)}
      />
    </div>
    ${error && html`<${ErrorNotice} error=${error} onRetry=${retry} />`}
    ${others?.length === 0 && html`<p class="muted">${t("admin.none_found")}</p>`}
    <ul class="rows">
      ${others?.map(
        (other) => html`<li class="row" key=${other.id}>
          <div class="row-text"><${FilmName} film=${other} /></div>
          <button
            type="button"
            class="button button-small"
            aria-label=${t("admin.choose_film", { title: other.title })}
            onClick=${() => onChoose(other)}
          >
            ${t("admin.choose")}
          </button>
        </li>`,
      )}
    </ul>
  <//>`;
}
