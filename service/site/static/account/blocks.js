/* The people whose reviews one does not see. */

import { html } from "../lib.js";
import { announce } from "../components/live-region.js";
import { ErrorNotice } from "../components/notice.js";
import { PagedRows, Row } from "../components/rows.js";
import { setBlocked } from "../blocks.js";
import { get } from "../client.js";
import { RelativeTime } from "../format.js";
import { t } from "../i18n.js";
import { useAction, usePages } from "../loading.js";

const SHOWN_PEOPLE = 20;

/** Show whom one blocks, each with the button that ends it. */
export function Blocks() {
  const pages = usePages(loadBlocks, { limit: SHOWN_PEOPLE });
  const end = useAction(async (name) => {
    await setBlocked(name, false);
    announce(t("blocks.ended", { name }), "blocks");
    document.getElementById("account-blocks").focus(); // what had the focus goes
    pages.reload();
  });
  return html`<section class="card" aria-labelledby="account-blocks">
    <h2 id="account-blocks" tabindex="-1">${t("blocks.title")}</h2>
    <p class="muted">${t("blocks.detail")}</p>
    ${end.error && html`<${ErrorNotice} error=${end.error} />`}
    <${PagedRows} pages=${pages} label=${t("blocks.title")} none=${t("blocks.none")}>
      ${({ username, blocked_at: since }) => html`<${Row}
        key=${username}
        title=${username}
        side=${html`<button
          type="button"
          class="button button-small"
          aria-label=${t("blocks.end_named", { name: username })}
          disabled=${end.isBusy}
          onClick=${() => end.run(username)}
        >
          ${t("blocks.end")}
        </button>`}
      >
        <span class="muted"><${RelativeTime} value=${since} /></span>
      <//>`}
    <//>
  </section>`;
}

const loadBlocks = (params, signal) => get("/me/blocks", { params, signal });
