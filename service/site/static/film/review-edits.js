/* What a review said before: for its author and for admins, who alone may see it. */

import { html, useState } from "../lib.js";
import { Dialog } from "../components/dialog.js";
import { PagedRows, Row } from "../components/rows.js";
import { get } from "../client.js";
import { formatDate } from "../format.js";
import { t } from "../i18n.js";
import { usePages } from "../loading.js";
import { user } from "../session.js";
import { useStore } from "../store.js";

const SHOWN_EDITS = 10;

/** Show the button that opens the earlier versions, if the review has some and the reader may see them. */
export function ReviewEdits({ review }) {
  const [isOpen, setOpen] = useState(false);
  const isAdmin = useStore(user)?.is_admin;
  if (!review.edited_at || !(review.mine || isAdmin)) return null;
  return html`<button
      type="button"
      class="button button-small"
      aria-label=${t("review.edits_of", { title: review.title })}
      onClick=${() => setOpen(true)}
    >
      ${t("review.edits")}
    </button>
    ${isOpen && html`<${EditsDialog} review=${review} onClose=${() => setOpen(false)} />`}`;
}

function EditsDialog({ review, onClose }) {
  const pages = usePages(
    (params, signal) => get(`/reviews/${review.id}/edits`, { params, signal }),
    { limit: SHOWN_EDITS },
  );
  return html`<${Dialog} title=${t("review.edits")} onClose=${onClose}>
    <${PagedRows} pages=${pages} label=${t("review.edits")} none=${t("review.no_edits")}>
      ${(edit) => html`<${Row} key=${edit.replaced_at} title=${edit.title}>
        <span class="muted">
          ${t("review.until", { when: formatDate(edit.replaced_at, { time: true }) })}
          ${edit.score !== null && ` · ${t("review.of_ten", { score: edit.score })}`}
          ${edit.spoiler && ` · ${t("review.spoiler")}`}
        </span>
        <p class="review-source" dir="auto">${edit.body}</p>
      <//>`}
    <//>
  <//>`;
}
