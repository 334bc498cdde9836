/* The films of the catalogue: found, added, amended, merged, deleted. */

import { html, useState } from "../lib.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { t } from "../i18n.js";
import { navigate, useSettled } from "../router.js";
import { FilmEditor } from "./film-editor.js";
import { useFilms } from "./film-list.js";
import { FilmName } from "./film-name.js";

const ADDRESS = "/admin?tab=films";

/** Return the address of the form of a film; without an id, of the form for a new one. */
export const editorAddress = (id = "new") => `${ADDRESS}&edit=${encodeURIComponent(id)}`;

/** Show the form of the film in the address, or the list to choose one from. */
export function FilmsTab({ entry }) {
  const id = entry.params.get("edit");
  const [done, setDone] = useState({ message: null, token: null });
  const finish = (message, response) => {
    setDone({ message, token: response?.headers.get("Index-Token") ?? null });
    navigate(ADDRESS);
  };
  if (id) {
    return html`<${FilmEditor} key=${id} id=${id === "new" ? null : id} onDone=${finish} />`;
  }
  return html`<${FilmList} entry=${entry} done=${done} />`;
}

function FilmList({ entry, done }) {
  const query = entry.params.get("q") ?? "";
  const { films, error, retry } = useFilms(query, done.token);
  useSettled(films !== null || error !== null);
  const search = (event) => {
    const q = event.target.value;
    navigate(q ? `${ADDRESS}&q=${encodeURIComponent(q)}` : ADDRESS, { replace: true });
  };
  return html`<section class="card admin-films" aria-labelledby="films-title">
    <div class="card-head">
      <h2 id="films-title">${t("admin.tab.films")}</h2>
      <a class="button button-primary" href=${editorAddress()}>${t("admin.add")}</a>
    </div>
    ${done.message && html`<${Notice} kind="good" title=${done.message} />`}
    <div class="field">
      <label for="film-query">${t("admin.find")}</label>
      <input
        id="film-query"
        class="input"
        type="search"
        autocomplete="off"
        value=${query}
        onInput=${search}
      />
    </div>
    ${error && html`<${ErrorNotice} error=${error} onRetry=${retry} />`}
    ${films?.length === 0 && html`<p class="muted">${t("admin.none_found")}</p>`}
    <ul class="rows">
      ${films?.map(
        (film) => html`<li class="row" key=${film.id}>
          <div class="row-text"><${FilmName} film=${film} /></div>
          <a
            class="button button-small"
            id=${`edit-${film.id}`}
            href=${editorAddress(film.id)}
            aria-label=${t("admin.edit_film", { title: film.title })}
            >${t("admin.edit")}</a
          >
        </li>`,
      )}
    </ul>
  </section>`;
}
