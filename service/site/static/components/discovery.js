/* Below the films of the first page: those with which people do most lately, and those rated best. */

import { html } from "../lib.js";
import { get } from "../client.js";
import { formatRating } from "../format.js";
import { loadMessages, t } from "../i18n.js";
import { useLoaded } from "../loading.js";
import { FilmStrip } from "./film-strip.js";

await loadMessages("discovery");

const params = { limit: 12 };

/** Show trending and popular films; nothing where there are none, or no answer. */
export default function Discovery() {
  const { data: trending } = useLoaded((signal) => get("/movies/trending", { params, signal }));
  const { data: popular } = useLoaded((signal) => get("/movies/popular", { params, signal }));
  return html`${trending?.results.length > 0 &&
    html`<${FilmStrip}
      id="trending-title"
      title=${t("discovery.trending")}
      films=${trending.results.map(({ movie }) => ({ film: movie }))}
    />`}
    ${popular?.results.length > 0 &&
    html`<${FilmStrip}
      id="popular-title"
      title=${t("discovery.popular")}
      films=${popular.results.map(({ movie, score }) => ({ film: movie, note: formatRating(score) }))}
    />`}`;
}
