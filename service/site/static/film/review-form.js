/* The forms about reviews: to write one, and to report one to the admins. */

import { html, useLayoutEffect } from "../lib.js";
import { Dialog } from "../components/dialog.js";
import { Field, Form, SubmitButton, useForm } from "../components/form.js";
import { post, put } from "../client.js";
import { t } from "../i18n.js";

const SCORES = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
const REASONS = ["spam", "abuse", "spoiler", "off_topic", "other"];
const MAX_TITLE_LENGTH = 200;
const MAX_BODY_LENGTH = 10_000;
const MAX_COMMENT_LENGTH = 1_000;

/** Show the form for a review of `film`, or for changes of `review`; `onDone` is called after it is saved. */
export function ReviewForm({ film, review, onDone, onClose }) {
  const form = useForm(async ({ title, body: text, score, spoiler }) => {
    const body = { title, body: text, score: Number(score) || null, spoiler: spoiler === "on" };
    if (review) await put(`/reviews/${review.id}`, { body });
    else await post(`/movies/${film.id}/reviews`, { body });
    onDone();
  });
  useLayoutEffect(() => form.element.current.elements.title.focus(), []);
  const actions = html`<${SubmitButton} form=${form}>${t(review ? "review.save" : "review.publish")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  return html`<${Form} form=${form} label=${t("review.own")} actions=${actions}>
    <${Field}
      form=${form}
      name="title"
      label=${t("review.title")}
      defaultValue=${review?.title ?? ""}
      required
      maxlength=${MAX_TITLE_LENGTH}
      autocomplete="off"
      dir="auto"
    />
    <${Field}
      form=${form}
      name="body"
      tag="textarea"
      label=${t("review.body")}
      hint=${t("review.body_hint")}
      defaultValue=${review?.body ?? ""}
      required
      rows="8"
      maxlength=${MAX_BODY_LENGTH}
      dir="auto"
    />
    <${Field} form=${form} name="score" tag="select" label=${t("review.score")}>
      <option value="">${t("review.no_score")}</option>
      ${SCORES.map(
        (score) => html`<option key=${score} value=${score} selected=${score === review?.score}>
          ${score}
        </option>`,
      )}
    <//>
    <label class="choice">
      <input type="checkbox" name="spoiler" defaultChecked=${review?.spoiler ?? false} />
      <span>${t("review.spoiler")}</span>
    </label>
  <//>`;
}

/** Ask what is wrong with a review, in a dialog. */
export function ReportDialog({ review, onDone, onClose }) {
  const form = useForm(async ({ reason, comment }) => {
    const body = { reason, comment: comment.trim() || null };
    await post(`/reviews/${review.id}/report`, { body });
    onDone();
  });
  const actions = html`<${SubmitButton} form=${form}>${t("review.report_send")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  return html`<${Dialog} title=${t("review.report_title")} onClose=${onClose}>
    <${Form} form=${form} label=${t("review.report_title")} actions=${actions}>
      <${Field} form=${form} name="reason" tag="select" label=${t("review.reason")}>
        ${REASONS.map(
          (reason) => html`<option key=${reason} value=${reason}>${t(`review.reason.${reason}`)}</option>`,
        )}
      <//>
      <${Field}
        form=${form}
        name="comment"
        tag="textarea"
        label=${t("review.comment")}
        maxlength=${MAX_COMMENT_LENGTH}
        dir="auto"
      />
    <//>
  <//>`;
}
