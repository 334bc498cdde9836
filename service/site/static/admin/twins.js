/* Pairs of films that are one by the rule of the catalogue, to be merged. */

import { html, useState } from "../lib.js";
import { ErrorNotice, Notice, ViewState } from "../components/notice.js";
import { Skeleton, useDelayed } from "../components/skeleton.js";
import { get } from "../client.js";
import { formatList } from "../format.js";
import { hasMessage, t } from "../i18n.js";
import { useLoaded } from "../loading.js";
import { useSettled } from "../router.js";
import { FilmName } from "./film-name.js";
import { ConfirmMerge } from "./merge.js";

const SHOWN_PAIRS = 20;

/** Show the pairs; of each, one film is chosen to stay. */
export function TwinsTab() {
  const { data: page, error, reload } = useLoaded((signal) =>
    get("/admin/twins", { params: { limit: SHOWN_PAIRS }, signal }),
  );
  const [merge, setMerge] = useState(null); // the film that goes and the one that stays
  const [done, setDone] = useState(null);
  const isLoaded = page !== null || error !== null;
  const isLate = useDelayed(!isLoaded);
  useSettled(isLoaded);
  const finish = (message) => {
    setDone(message);
    reload();
  };
  if (!isLoaded) return isLate && html`<${Skeleton} height="160px" radius="12px" />`;
  const pairs = page?.results ?? [];
  return html`<div class="admin-grid">
    ${error && html`<${ErrorNotice} error=${error} onRetry=${reload} />`}
    ${done && html`<${Notice} kind="good" title=${done} />`}
    ${page && !pairs.length && html`<${NoTwins} />`}
    ${pairs.length > 0 && html`<p class="muted">${t("admin.twins_detail")}</p>`}
    ${pairs.map(
      (pair) => html`<${Pair} key=${pair.movies.map(({ id }) => id).join()} pair=${pair} onMerge=${setMerge} />`,
    )}
    ${page && page.total.value > pairs.length &&
    html`<p class="muted">${t("admin.more_rows", { n: page.total.value - pairs.length })}</p>`}
    ${merge &&
    html`<${ConfirmMerge} ...${merge} onDone=${finish} onClose=${() => setMerge(null)} />`}
  </div>`;
}

function NoTwins() {
  return html`<${ViewState} icon="check" title=${t("admin.no_twins")}>
    <p class="muted">${t("admin.no_twins_detail")}</p>
  <//>`;
}

function Pair({ pair: { movies, differences }, onMerge }) {
  const fields = differences.map((name) =>
    hasMessage(`admin.field.${name}`) ? t(`admin.field.${name}`) : name,
  );
  return html`<section class="card" aria-label=${movies[0].title}>
    <ul class="rows">
      ${movies.map((film, index) => {
        const other = movies[1 - index];
        return html`<li class="row" key=${film.id}>
          <div class="row-text"><${FilmName} film=${film} /></div>
          <button
            type="button"
            class="button button-small"
            onClick=${() => onMerge({ film: other, into: film })}
          >
            ${t("admin.keep")}
          </button>
        </li>`;
      })}
    </ul>
    <p class="muted pair-note">
      ${fields.length ? t("admin.differ", { fields: formatList(fields) }) : t("admin.differ_in_nothing")}
    </p>
  </section>`;
}
