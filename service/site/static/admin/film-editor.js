/* The form of one film: added, or amended as long as nobody else has changed it meanwhile. */

import { html, useEffect, useRef, useState } from "../lib.js";
import { Field, Form, SubmitButton, useForm } from "../components/form.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { Skeleton, useDelayed } from "../components/skeleton.js";
import { ApiError, isAborted, request } from "../client.js";
import { t } from "../i18n.js";
import { useSettled } from "../router.js";
import { DeleteFilm } from "./film-delete.js";
import { MergeFilm } from "./merge.js";
import { FIELDS, listChanged, readTexts, toBody, toTexts } from "./film-fields.js";

/** Show the form of a film, or of a new one if `id` is null; `onDone` is told what was done. */
export function FilmEditor({ id, onDone }) {
  const { film, etag, error, load } = useFilm(id);
  const isLoaded = id === null || film !== null;
  const isLate = useDelayed(!isLoaded && !error);
  useSettled(isLoaded || error !== null);
  const back = html`<a href="/admin?tab=films">${t("admin.back")}</a>`;
  if (!isLoaded && error) {
    return html`${back}<${ErrorNotice} error=${error} onRetry=${() => load().catch(() => null)} />`;
  }
  if (!isLoaded) return isLate && html`<${Skeleton} height="400px" radius="12px" />`;
  return html`${back}
    <section class="card film-editor" aria-labelledby="editor-title">
      <h2 id="editor-title" dir="auto">${film ? film.title : t("admin.add")}</h2>
      <${FilmForm} film=${film} etag=${etag} load=${load} onDone=${onDone} />
      ${film &&
      html`<div class="danger-zone">
        <${MergeFilm} film=${film} onDone=${onDone} />
        <${DeleteFilm} film=${film} onDone=${onDone} />
      </div>`}
    </section>`;
}

/* The film as the service has it now, with the tag that a change must carry. */
function useFilm(id) {
  const [state, setState] = useState({ film: null, etag: null, error: null });
  const load = async (signal) => {
    try {
      const { data, response } = await request("GET", `/movies/${encodeURIComponent(id)}`, {
        signal,
        cache: "no-store",
      });
      setState({ film: data, etag: response.headers.get("ETag"), error: null });
      return data;
    } catch (error) {
      if (!isAborted(error)) setState((last) => ({ ...last, error }));
      throw error;
    }
  };
  useEffect(() => {
    if (id === null) return undefined;
    const controller = new AbortController();
    load(controller.signal).catch(() => null);
    return () => controller.abort();
  }, [id]);
  return { ...state, load };
}

function FilmForm({ film, etag, load, onDone }) {
  const base = useRef(null);
  base.current ??= toTexts(film);
  const [conflict, setConflict] = useState(null); // null, "changed" or "reloaded"
  const form = useForm(async () => {
    const texts = readTexts(form.element.current);
    const changed = listChanged(base.current, texts);
    if (film && !changed.length) return onDone(t("admin.unchanged", { title: film.title }));
    try {
      const { data: saved, response } = film
        ? await amend(film, etag, texts, changed)
        : await add(texts, changed);
      return onDone(t(film ? "admin.saved" : "admin.added", { title: saved.title }), response);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      return setConflict("changed");
    }
  });
  const reload = async () => {
    const element = form.element.current;
    const editedNames = listChanged(base.current, readTexts(element));
    const present = await load().catch(() => null);
    if (!present) return;
    base.current = toTexts(present);
    for (const { name } of FIELDS) {
      if (!editedNames.includes(name)) element.elements[name].value = base.current[name];
    }
    setConflict("reloaded");
  };
  const actions = html`<${SubmitButton} form=${form}>
      ${t(film ? "admin.save" : "admin.add_submit")}
    <//>
    <a class="button" href="/admin?tab=films">${t("dialog.cancel")}</a>`;
  return html`<${Conflict} state=${conflict} onReload=${reload} />
    <${Form} form=${form} label=${film?.title ?? t("admin.add")} actions=${actions}>
      <div class="film-fields">
        ${FIELDS.map(
          (field) => html`<${FilmField}
            key=${field.name}
            form=${form}
            field=${field}
            text=${base.current[field.name]}
          />`,
        )}
      </div>
    <//>`;
}

function Conflict({ state, onReload }) {
  if (state === "reloaded") {
    return html`<${Notice} kind="info" title=${t("admin.reloaded")}>
      ${t("admin.reloaded_detail")}
    <//>`;
  }
  if (state === null) return null;
  const button = html`<button type="button" class="button" onClick=${onReload}>
    ${t("admin.reload")}
  </button>`;
  return html`<${Notice} kind="danger" title=${t("admin.conflict")} action=${button}>
    ${t("admin.conflict_detail")}
  <//>`;
}

function FilmField({ form, field: { name, kind, options, required, width, step }, text }) {
  const hint = { genres: t("admin.genres_hint") }[name] ?? (kind === "lines" ? t("admin.lines") : null);
  const first = useRef(text).current; // later changes are made to the input itself
  const common = { form, name, required, hint, label: t(`admin.field.${name}`) };
  return html`<div class=${width ? `film-field-${width}` : null}>
    ${kind === "choice" &&
    html`<${Field} ...${common} tag="select">
      ${options.map(
        (option) => html`<option value=${option} selected=${option === first}>
          ${t(`type.${option}`)}
        </option>`,
      )}
    <//>`}
    ${(kind === "lines" || kind === "long") &&
    html`<${Field} ...${common} tag="textarea" rows=${kind === "long" ? 4 : 3} defaultValue=${first} dir="auto" />`}
    ${kind === "date" && html`<${Field} ...${common} type="date" defaultValue=${first} />`}
    ${kind === "number" &&
    html`<${Field} ...${common} inputmode=${step ? "decimal" : "numeric"} autocomplete="off" defaultValue=${first} />`}
    ${kind === "text" &&
    html`<${Field} ...${common} autocomplete="off" defaultValue=${first} dir="auto" />`}
  </div>`;
}

function amend(film, etag, texts, changed) {
  const body = toBody(texts, changed);
  return request("PATCH", `/movies/${film.id}`, { body, headers: { "If-Match": etag } });
}

function add(texts, changed) {
  return request("POST", "/movies", { body: toBody(texts, ["title", "type", ...changed]) });
}
