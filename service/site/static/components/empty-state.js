/* What to do where a search finds nothing: without the filters, in OMDb, or among well-known films. */

import { html, useEffect, useState } from "../lib.js";
import { get, isAborted } from "../client.js";
import { t } from "../i18n.js";
import { navigate } from "../router.js";
import { countFilters, searchAddress, searchRequest, withoutFilters } from "../search-address.js";
import { FilmCard } from "./film-card.js";
import { Notice, ViewState, errorDetail, errorTitle } from "./notice.js";

const SHOWN_FILMS = 6;

/** Show that `search` has no results, and what may help. */
export function EmptyState({ search }) {
  const filterCount = countFilters(search);
  return html`<${ViewState} icon="search" title=${t("search.none")}>
      ${filterCount > 0
        ? html`<${WithoutFilters} search=${search} filterCount=${filterCount} />`
        : html`<p class="muted">${t("search.none.advice")}</p>`}
      <${Lookup} key=${search.q} title=${search.q} />
    <//>
    ${filterCount === 0 && html`<${WellKnownFilms} />`}`;
}

function WithoutFilters({ search, filterCount }) {
  const { path, params } = searchRequest(withoutFilters(search));
  const answer = useAnswer(path, { ...params, facets: null, limit: 1 });
  const count = answer?.total.value;
  return html`<p class="muted">${t("search.none.filters", { n: filterCount })}</p>
    <a class="button button-primary" href=${searchAddress(withoutFilters(search))}>
      ${count ? t("search.none.without", { n: count }) : t("filters.clear")}
    </a>`;
}

/* The service can fetch a film from OMDb, if it has a key. */
function Lookup({ title }) {
  const status = useAnswer("/status", {});
  const [state, setState] = useState({});
  if (!title || !status?.setup?.lookups) return null;
  const lookUp = async () => {
    setState({ isBusy: true });
    try {
      const film = await get("/movies/lookup", { params: { title } });
      navigate(`/film/${film.imdb_id ?? film.id}`);
    } catch (error) {
      setState({ error });
    }
  };
  return html`<button type="button" class="button" disabled=${state.isBusy} onClick=${lookUp}>
      ${state.isBusy ? t("page.loading") : t("search.none.lookup", { title })}
    </button>
    ${state.error &&
    html`<${Notice} kind="warning" title=${lookupTitle(state.error)}>${errorDetail(state.error)}<//>`}`;
}

const lookupTitle = (error) =>
  error.status === 404 ? t("search.none.lookup_failed") : errorTitle(error);

function WellKnownFilms() {
  const answer = useAnswer("/movies", { limit: SHOWN_FILMS });
  if (!answer?.results.length) return null;
  return html`<section class="search-results" aria-labelledby="well-known">
    <h2 id="well-known">${t("search.well_known")}</h2>
    <ul class="film-grid">
      ${answer.results.map(
        (film) => html`<li key=${film.id}><${FilmCard} film=${film} level=${3} /></li>`,
      )}
    </ul>
  </section>`;
}

/* An answer that is only a help: without it the view is still whole. */
function useAnswer(path, params) {
  const [answer, setAnswer] = useState(null);
  const key = path + JSON.stringify(params);
  useEffect(() => {
    const controller = new AbortController();
    setAnswer(null);
    get(path, { params, signal: controller.signal }).then(
      (data) => !controller.signal.aborted && setAnswer(data),
      (error) => !isAborted(error) && setAnswer(null),
    );
    return () => controller.abort();
  }, [key]);
  return answer;
}
