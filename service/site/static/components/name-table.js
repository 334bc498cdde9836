/* The names of a list with the films they mean, and the others that they may mean. */

import { html, useState } from "../lib.js";
import { formatNumber } from "../format.js";
import { t } from "../i18n.js";
import { chooseFilm, chosenCandidate, classify } from "../name-matches.js";
import { Icon } from "./icon.js";

const PAGE_SIZE = 200;
const NONE = "none";
const MAX_QUERY_LENGTH = 60; // characters; a name without a film may be very long
const GROUPS = {
  all: () => true,
  sure: (row) => ["sure", "chosen"].includes(classify(row)),
  likely: (row) => classify(row) === "likely",
  unknown: (row) => ["unknown", "refused"].includes(classify(row)),
};

/** Show the answered rows of a list, all or those of one group. */
export function NameTable({ rows }) {
  const [group, setGroup] = useState("all");
  const [shownCount, setShownCount] = useState(PAGE_SIZE);
  const numbered = rows.map((row, index) => ({ row, index }));
  const members = numbered.filter(({ row }) => GROUPS[group](row));
  if (!rows.length) return null;
  return html`<div class="names-table">
    <${GroupButtons} rows=${rows} group=${group} onChoose=${setGroup} />
    <table>
      <thead>
        <tr>
          <th scope="col">${t("names.column.name")}</th>
          <th scope="col">${t("names.column.film")}</th>
          <th scope="col">${t("names.column.certainty")}</th>
        </tr>
      </thead>
      <tbody>
        ${members
          .slice(0, shownCount)
          .map(({ row, index }) => html`<${Row} key=${index} row=${row} index=${index} />`)}
      </tbody>
    </table>
    ${members.length === 0 && html`<p class="muted">${t("names.group.empty")}</p>`}
    ${members.length > shownCount &&
    html`<button
      type="button"
      class="button"
      onClick=${() => setShownCount(shownCount + PAGE_SIZE)}
    >
      ${t("names.more", { n: members.length - shownCount })}
    </button>`}
  </div>`;
}

function GroupButtons({ rows, group, onChoose }) {
  return html`<div class="names-groups" role="group" aria-label=${t("names.groups")}>
    ${Object.entries(GROUPS).map(
      ([name, isMember]) => html`<button
        key=${name}
        type="button"
        class="names-group names-group-${name}"
        aria-pressed=${String(group === name)}
        onClick=${() => onChoose(name)}
      >
        ${t(`names.group.${name}`)}${" "}
        <strong>${formatNumber(rows.filter(isMember).length)}</strong>
      </button>`,
    )}
  </div>`;
}

function Row({ row, index }) {
  const name = row.name.split(/[/\\]/).at(-1) || row.name;
  const nameId = `name-${index}`;
  return html`<tr>
    <td class="names-name" id=${nameId} title=${row.name}><bdi>${name}</bdi></td>
    <td><${FilmCell} row=${row} index=${index} name=${name} nameId=${nameId} /></td>
    <td><${Certainty} row=${row} /></td>
  </tr>`;
}

function FilmCell({ row, index, name, nameId }) {
  if (row.answer.error) {
    return html`<span class="field-error">${row.answer.error.detail}</span>`;
  }
  return row.answer.candidates.length
    ? html`<${FilmChoice} row=${row} index=${index} nameId=${nameId} />`
    : html`<${SearchLink} title=${row.answer.title || name} />`;
}

function FilmChoice({ row, index, nameId }) {
  const film = chosenCandidate(row)?.movie;
  const choose = ({ target }) => chooseFilm(index, target.value === NONE ? null : target.value);
  return html`<div class="names-choice">
    <select
      class="select"
      id=${`choice-${index}`}
      aria-labelledby=${nameId}
      value=${row.choice ?? NONE}
      onChange=${choose}
    >
      ${row.answer.candidates.map(
        ({ movie, confidence }) => html`<option key=${movie.id} value=${movie.id}>
          ${filmName(movie)} · ${formatPercent(confidence)}
        </option>`,
      )}
      <option value=${NONE}>${t("names.none")}</option>
    </select>
    ${film
      ? html`<a
          class="icon-button"
          id=${`film-link-${index}`}
          href=${`/film/${film.imdb_id ?? film.id}`}
          aria-label=${t("names.open", { film: filmName(film) })}
          ><${Icon} name="arrow" size=${18}
        /></a>`
      : html`<${SearchLink} title=${row.answer.title} />`}
  </div>`;
}

function SearchLink({ title }) {
  const q = Array.from(title).slice(0, MAX_QUERY_LENGTH).join("");
  return html`<a href=${`/?q=${encodeURIComponent(q)}`}>${t("names.search", { title: q })}</a>`;
}

function Certainty({ row }) {
  const kind = classify(row);
  const confidence = chosenCandidate(row)?.confidence;
  const percent = kind === "sure" || kind === "likely" ? formatPercent(confidence) : null;
  return html`<span class="certainty certainty-${kind}">
    ${t(`names.certainty.${kind}`)} ${percent && html`<span class="muted">${percent}</span>`}
  </span>`;
}

const filmName = (film) => (film.year ? `${film.title} (${film.year})` : film.title);

const formatPercent = (value) => formatNumber(value, { style: "percent" });
