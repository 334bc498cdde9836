/* File names: a list goes in, and for each name the film that is meant comes out, and how sure. */

import { html, useEffect, useState } from "../lib.js";
import { CopyButton } from "../components/copy-button.js";
import { NameTable } from "../components/name-table.js";
import { announce } from "../components/live-region.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { saveText, toCsv } from "../csv.js";
import { formatNumber } from "../format.js";
import { t } from "../i18n.js";
import { MAX_NAMES, listDropped, parseNames, readNames } from "../name-lists.js";
import {
  chosenCandidate,
  classify,
  clearMatching,
  matching,
  resumeMatching,
  startMatching,
  stopMatching,
} from "../name-matches.js";
import { useSettled } from "../router.js";
import { useStore } from "../store.js";

const EXAMPLES = [
  "Jaws.1975.REMASTERED.1080p.BluRay.x264.mkv",
  "the_godfahter_part_2_(1974)_DVDRip.avi",
  "Se7en.1995.German.DL.720p.WEB.h264.mkv",
  "holiday in crete, day 3.mp4",
].join("\n");

/** Show the list that is worked on, or the form for a new one. */
export default function NamesView() {
  const list = useStore(matching);
  const drop = useDrop((files) => readNames(files).then(start));
  useSettled(true);
  useEffect(() => {
    document.title = `${t("names.title")} · ${t("page.name")}`;
  });
  return html`<div class="names ${drop.isOver ? "names-over" : ""}" ...${drop.handlers}>
    <header class="names-head">
      <h1>${t("names.title")}</h1>
      <p class="muted">${t("names.intro")}</p>
    </header>
    ${list ? html`<${Result} list=${list} />` : html`<${ListForm} />`}
  </div>`;
}

function start(names) {
  if (names.length) startMatching(names);
}

function ListForm() {
  const [text, setText] = useState("");
  const count = parseNames(text).length;
  const submit = (event) => {
    event.preventDefault();
    start(parseNames(text));
  };
  return html`<form class="names-form card" onSubmit=${submit}>
    <div class="field">
      <label for="names">${t("names.label")}</label>
      <textarea
        id="names"
        class="input names-input"
        rows="9"
        spellcheck="false"
        autocapitalize="off"
        placeholder=${EXAMPLES}
        value=${text}
        onInput=${(event) => setText(event.target.value)}
        aria-describedby="names-hint"
      />
      <p id="names-hint" class="field-hint">${t("names.hint")}</p>
    </div>
    <div class="names-actions">
      <button type="submit" class="button button-primary" disabled=${count === 0}>
        ${count ? t("names.start", { n: count }) : t("names.start.empty")}
      </button>
      <${FileButton} label=${t("names.choose_list")} accept=".txt,.lst,.m3u,.m3u8" />
      <${FileButton} label=${t("names.choose_folder")} webkitdirectory />
      <button type="button" class="button button-quiet" onClick=${() => setText(EXAMPLES)}>
        ${t("names.examples")}
      </button>
    </div>
  </form>`;
}

function FileButton({ label, ...attributes }) {
  const choose = (event) => readNames([...event.target.files]).then(start);
  return html`<label class="button file-button">
    ${label}
    <input type="file" class="hidden-text" multiple onChange=${choose} ...${attributes} />
  </label>`;
}

/* Dropped files are taken anywhere on the view. */
function useDrop(onFiles) {
  const [isOver, setOver] = useState(false);
  const hasFiles = (event) => [...event.dataTransfer.types].includes("Files");
  const handlers = {
    onDragOver: (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event) => {
      if (!event.currentTarget.contains(event.relatedTarget)) setOver(false);
    },
    onDrop: (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      listDropped(event.dataTransfer).then(onFiles);
    },
  };
  return { isOver, handlers };
}

function Result({ list }) {
  const { rows, done, state } = list;
  useEffect(() => {
    if (state === "finished") announce(t("names.finished", { n: rows.length }));
  }, [state]);
  return html`<section class="names-result" aria-label=${t("names.result")}>
    <${Progress} list=${list} />
    ${list.left > 0 &&
    html`<${Notice} kind="warning">${t("names.left", { n: list.left, max: formatNumber(MAX_NAMES) })}<//>`}
    ${state === "failed" &&
    html`<${ErrorNotice} error=${list.error} onRetry=${resumeMatching} />`}
    <${Actions} rows=${rows} done=${done} />
    <${NameTable} rows=${rows.slice(0, done)} />
  </section>`;
}

function Progress({ list }) {
  const { rows, done, state, seconds } = list;
  if (state === "finished") return null;
  const isRunning = state === "running" || state === "waiting";
  const text = state === "waiting" ? t("names.waiting", { n: seconds }) : progressText(rows, done);
  return html`<div class="names-progress card">
    <div class="names-progress-text">
      <p id="names-progress">${text}</p>
      <progress aria-labelledby="names-progress" value=${done} max=${rows.length} />
    </div>
    ${isRunning &&
    html`<button type="button" class="button" onClick=${stopMatching}>${t("names.stop")}</button>`}
    ${state === "stopped" &&
    html`<button type="button" class="button" onClick=${resumeMatching}>${t("names.resume")}</button>`}
  </div>`;
}

const progressText = (rows, done) =>
  t("names.progress", { n: rows.length, done: formatNumber(done) });

function Actions({ rows, done }) {
  const csv = () => toCsv(csvRows(rows.slice(0, done)));
  return html`<div class="names-actions">
    <${CopyButton} text=${csv} label=${t("names.copy")} disabled=${done === 0} />
    <button
      type="button"
      class="button"
      disabled=${done === 0}
      onClick=${() => saveText("films.csv", csv())}
    >
      ${t("names.download")}
    </button>
    <button type="button" class="button" onClick=${clearMatching}>
      ${t("names.new")}
    </button>
  </div>`;
}

/* The names of the columns are for programs and the same in every language. */
function csvRows(rows) {
  const head = ["file", "title", "year", "imdb_id", "movie_id", "confidence", "certainty"];
  return [
    head,
    ...rows.map((row) => {
      const candidate = chosenCandidate(row);
      const film = candidate?.movie;
      const facts = [film?.title, film?.year, film?.imdb_id, film?.id, candidate?.confidence];
      return [row.name, ...facts, classify(row)];
    }),
  ];
}
