/* The outline of a film while it loads. */

import { html } from "../lib.js";
import { t } from "../i18n.js";
import { Skeleton } from "./skeleton.js";

/** Draw grey boxes where a film's poster and facts will be. */
export function FilmSkeleton({ width }) {
  return html`<div class="film" aria-busy="true">
    <p class="hidden-text" role="status">${t("page.loading")}</p>
    <div class="film-poster">
      <div class="poster skeleton" style=${{ width: `${width}px`, height: `${width * 1.5}px` }} />
    </div>
    <div class="film-head">
      <${Skeleton} width="60%" height="44px" />
      <${Skeleton} width="35%" height="20px" />
    </div>
    <div class="film-body">
      <${Skeleton} width="50%" height="52px" />
      ${[80, 95, 70, 60, 75].map(
        (percent) => html`<${Skeleton} key=${percent} width=${`${percent}%`} height="18px" />`,
      )}
    </div>
  </div>`;
}
