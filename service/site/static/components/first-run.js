/* What an operator does first: own films, look-ups in OMDb, an admin. */

import { html } from "../lib.js";
import { t, tParts } from "../i18n.js";
import { Icon } from "./icon.js";

const OMDB_KEY_PAGE = "https://www.omdbapi.com/apikey.aspx";

/** Show the steps, each done or with the command that does it. */
export function FirstRun({ setup, onHide }) {
  const { films, lookups, admin } = setup;
  const isEmpty = films === "none";
  const level = isEmpty ? 1 : 2; // nothing else on the page has a heading then
  return html`<section class="first-run card" aria-labelledby="first-run-title">
    <div class="first-run-head">
      <div>
        <${`h${level}`} id="first-run-title">
          ${t(isEmpty ? "first-run.empty" : "first-run.title")}
        <//>
        <p class="muted">${t(introKey(films))}</p>
      </div>
      ${!isEmpty &&
      html`<button
        type="button"
        class="icon-button"
        aria-label=${t("first-run.hide")}
        onClick=${onHide}
      >
        <${Icon} name="close" />
      </button>`}
    </div>
    <ol class="first-run-steps">
      <${Step} level=${level + 1} name="films" isDone=${films === "own"} commands=${filmCommands(films)} />
      <${Step}
        level=${level + 1}
        name="lookups"
        isDone=${lookups}
        commands=${["OMDB_API_KEY=…"]}
        values=${{ link: html`<a href=${OMDB_KEY_PAGE} rel="noopener noreferrer external">omdbapi.com</a>` }}
      />
      ${admin !== null &&
      html`<${Step}
        level=${level + 1}
        name="admin"
        isDone=${admin}
        commands=${["movies create-admin NAME"]}
      />`}
    </ol>
    <p class="first-run-foot muted">
      ${tParts("first-run.where", {
        checkout: html`<code>.venv/bin/movies</code>`,
        docker: html`<code>docker compose exec api movies</code>`,
      })}
    </p>
  </section>`;
}

function introKey(films) {
  return { none: "first-run.none", samples: "first-run.samples", own: "first-run.own" }[films];
}

const filmCommands = (films) =>
  films === "none"
    ? ["movies load FILE", "movies load --sample"]
    : ["movies load FILE", "movies samples remove"];

function Step({ level, name, isDone, commands, values = {} }) {
  return html`<li class=${isDone ? "first-run-done" : null}>
    <${`h${level}`} class="first-run-step">
      ${t(`first-run.${name}`)}
      ${isDone &&
      html`<span class="first-run-mark"><${Icon} name="check" size=${16} /> ${t("first-run.done")}</span>`}
    <//>
    ${!isDone &&
    html`<p>${tParts(`first-run.${name}.how`, values)}</p>
      ${commands.map((command) => html`<pre key=${command}><code>${command}</code></pre>`)}`}
  </li>`;
}
