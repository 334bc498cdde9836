/* One review: what it says, and what a reader or its author can do about it. */

import { html, useState } from "../lib.js";
import { ActionButton } from "../components/action-button.js";
import { ConfirmDialog } from "../components/dialog.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { setBlocked } from "../blocks.js";
import { put, remove } from "../client.js";
import { RelativeTime, formatNumber } from "../format.js";
import { t } from "../i18n.js";
import { useAction } from "../loading.js";
import { useOptimistic } from "../optimistic.js";
import { user } from "../session.js";
import { useStore } from "../store.js";
import { ReviewEdits } from "./review-edits.js";
import { ReportDialog } from "./review-form.js";
import { ReviewText } from "./review-text.js";

/** Show a review of somebody else; once its author is blocked, that it is gone, and how to have it back. */
export function Review({ review }) {
  const [isBlocked, setShown] = useState(false);
  const block = useAction(async (isOn) => {
    await setBlocked(review.author, isOn);
    setShown(isOn);
  });
  if (isBlocked) {
    return html`<${BlockedAuthor} name=${review.author} block=${block} />`;
  }
  return html`<article class="review" aria-labelledby=${`review-${review.id}`}>
    <${ReviewHead} review=${review} />
    <${ReviewBody} review=${review} />
    ${block.error && html`<${ErrorNotice} error=${block.error} />`}
    <${ReaderActions} review=${review} block=${block} />
  </article>`;
}

function BlockedAuthor({ name, block }) {
  const undo = html`<button type="button" class="button" disabled=${block.isBusy} onClick=${() => block.run(false)}>
    ${t("blocks.undo")}
  </button>`;
  return html`<${Notice} title=${t("blocks.started", { name })} action=${undo} />
    ${block.error && html`<${ErrorNotice} error=${block.error} />`}`;
}

/** Show one's own review, to be changed or deleted. */
export function OwnReview({ review, onEdit, onDeleted }) {
  const [isAsking, setAsking] = useState(false);
  const deletion = useAction(async () => {
    await remove(`/reviews/${review.id}`);
    onDeleted();
  });
  return html`<article class="review review-own" aria-labelledby=${`review-${review.id}`}>
    <${ReviewHead} review=${review} />
    ${review.hidden &&
    html`<${Notice} kind="warning" title=${t("review.hidden")}>${review.hidden.note}<//>`}
    <${ReviewBody} review=${review} />
    ${deletion.error && html`<${ErrorNotice} error=${deletion.error} />`}
    <div class="review-actions">
      <button type="button" class="button button-small" onClick=${onEdit}>${t("review.edit")}</button>
      <button type="button" class="button button-small button-danger" onClick=${() => setAsking(true)}>
        ${t("review.delete")}
      </button>
      <${ReviewEdits} review=${review} />
      <span class="muted">${t("review.likes", { n: review.likes })}</span>
    </div>
    ${isAsking &&
    html`<${ConfirmDialog}
      title=${t("review.delete_title")}
      confirm=${t("review.delete")}
      isBusy=${deletion.isBusy}
      onConfirm=${() => deletion.run().then(() => setAsking(false))}
      onClose=${() => setAsking(false)}
    >
      <p>${t("review.delete_detail")}</p>
    <//>`}
  </article>`;
}

function ReviewHead({ review }) {
  const author = review.mine
    ? t("review.yours")
    : review.author
      ? html`<a href=${`/user/${encodeURIComponent(review.author)}`}><bdi>${review.author}</bdi></a>`
      : t("review.deleted_user");
  return html`<header>
    <h3 class="review-title" id=${`review-${review.id}`} dir="auto">${review.title}</h3>
    <p class="muted">
      ${author}${review.score !== null && ` · ${t("review.of_ten", { score: review.score })}`}
      ${" · "}<${RelativeTime} value=${review.created_at} />
      ${review.edited_at && ` · ${t("review.edited")}`}
    </p>
  </header>`;
}

function ReviewBody({ review }) {
  const text = html`<${ReviewText} source=${review.html} />`;
  if (!review.spoiler) return text;
  return html`<details class="review-spoiler"><summary>${t("review.show_spoiler")}</summary>${text}</details>`;
}

function ReaderActions({ review, block }) {
  const account = useStore(user);
  const [isReporting, setReporting] = useState(false);
  const [isReported, setReported] = useState(false);
  const like = useOptimistic(async () => ({ isOn: review.liked, count: review.likes }), [
    review.id,
    review.liked,
    review.likes,
  ]);
  const shown = like.value ?? { isOn: review.liked, count: review.likes };
  const switchLike = () => {
    const isOn = !shown.isOn;
    const count = shown.count + (isOn ? 1 : -1);
    like.save({ isOn, count }, async () => {
      if (isOn) await put(`/reviews/${review.id}/like`);
      else await remove(`/reviews/${review.id}/like`);
    });
  };
  return html`${like.error && html`<${ErrorNotice} error=${like.error} />`}
    <div class="review-actions">
      <${ActionButton}
        icon="like"
        label=${t("review.like", { n: shown.count })}
        isOn=${shown.isOn}
        onClick=${switchLike}
      >
        ${formatNumber(shown.count)}
      <//>
      ${isReported
        ? html`<span role="status" class="muted">${t("review.reported")}</span>`
        : html`<${ActionButton}
            label=${t("review.report_named", { title: review.title })}
            onClick=${() => setReporting(true)}
          >
            ${t("review.report")}
          <//>`}
      ${account &&
      review.author &&
      html`<${ActionButton}
        label=${t("blocks.start_named", { name: review.author })}
        isReady=${!block.isBusy}
        onClick=${() => block.run(true)}
      >
        ${t("blocks.start")}
      <//>`}
      <${ReviewEdits} review=${review} />
    </div>
    ${isReporting &&
    html`<${ReportDialog}
      review=${review}
      onDone=${() => (setReporting(false), setReported(true))}
      onClose=${() => setReporting(false)}
    />`}`;
}
