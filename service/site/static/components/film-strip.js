/* A row of small posters that is scrolled sideways. */

import { html, loadStyle } from "../lib.js";
import { rememberFilm } from "../films.js";
import { Poster, titleLanguage } from "./poster.js";

await loadStyle("strip");

const POSTER_WIDTH = 112;

/** Show films under a heading; each is `{film, note}`, where the note is a short text below the title. */
export function FilmStrip({ id, title, films }) {
  return html`<section class="strip" aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <ul class="strip-films">
      ${films.map(
        ({ film, note }) => html`<li key=${film.id}>
          <a
            class="strip-film"
            href=${`/film/${film.imdb_id ?? film.id}`}
            onClick=${() => rememberFilm(film)}
          >
            <${Poster} film=${film} width=${POSTER_WIDTH} />
            <bdi class="strip-title" lang=${titleLanguage(film)}>${film.title}</bdi>
            <span class="strip-note">${[film.year, note].filter(Boolean).join(" · ")}</span>
          </a>
        </li>`,
      )}
    </ul>
  </section>`;
}
