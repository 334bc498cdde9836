/* What people wrote about a film: one's own review first, then those of others, new ones live. */

import { html, loadStyle, useEffect, useRef, useState } from "../lib.js";
import { ActionButton } from "../components/action-button.js";
import { ErrorNotice } from "../components/notice.js";
import { get } from "../client.js";
import { loadMessages, t } from "../i18n.js";
import { useLoaded, usePages } from "../loading.js";
import { user } from "../session.js";
import { useStore } from "../store.js";
import { followReviews } from "./live.js";
import { ReviewForm } from "./review-form.js";
import { OwnReview, Review } from "./review.js";

await Promise.all([loadMessages("reviews"), loadStyle("reviews"), loadStyle("rows")]);

const SHOWN_REVIEWS = 10;
const SORTS = ["newest", "oldest", "likes"];

/** Show the reviews of a film. */
export default function Reviews({ film }) {
  const account = useStore(user);
  return html`<${ReviewSection} key=${`${film.id} ${account?.id ?? ""}`} film=${film} account=${account} />`;
}

function ReviewSection({ film, account }) {
  const [sort, setSort] = useState("newest");
  const own = useLoaded((signal) => loadOwn(film, account, signal));
  const pages = usePages(
    (params, signal) => get(`/movies/${film.id}/reviews`, { params, signal }),
    { sort, limit: SHOWN_REVIEWS },
  );
  const readAgain = () => {
    own.reload();
    pages.reload();
  };
  const news = useNews(film, account, pages);
  const others = pages.rows?.filter(({ mine }) => !mine);
  return html`<section class="reviews" aria-labelledby="reviews-title">
    <div class="reviews-head">
      <h2 id="reviews-title" tabindex="-1">${t("review.all", { n: pages.total ?? film.reviews.count })}</h2>
      ${others?.length > 1 && html`<${SortChoice} sort=${sort} onChange=${setSort} />`}
    </div>
    <${OwnPart} film=${film} account=${account} own=${own} onChange=${readAgain} />
    <div role="status">
      ${news.count > 0 &&
      html`<button
        type="button"
        class="button"
        onClick=${() => (setSort("newest"), news.show())}
      >
        ${t("review.new", { n: news.count })}
      </button>`}
    </div>
    ${pages.error && html`<${ErrorNotice} error=${pages.error} onRetry=${pages.reload} />`}
    ${others?.length === 0 && !own.data && html`<p class="muted">${t("review.none")}</p>`}
    ${others?.map((review) => html`<${Review} key=${review.id} review=${review} />`)}
    ${pages.more?.error && html`<${ErrorNotice} error=${pages.more.error} />`}
    ${pages.more &&
    html`<button
      type="button"
      class="button reviews-more"
      disabled=${pages.more.isBusy}
      onClick=${() => pages.more.run()}
    >
      ${t("page.more")}
    </button>`}
  </section>`;
}

async function loadOwn(film, account, signal) {
  if (!account) return null;
  const { results } = await get("/me/reviews", { params: { movie: film.id, limit: 1 }, signal });
  return results[0] ?? null;
}

/* How many reviews others have written since the list was read; `show` reads it again. */
function useNews(film, account, pages) {
  const [count, setCount] = useState(0);
  const total = useRef(null);
  total.current = pages.total ?? total.current;
  const show = () => {
    setCount(0);
    pages.reload();
  };
  useEffect(() => {
    if (!account) return undefined;
    return followReviews(film.id, {
      onReview: (event) => event.user !== account.username && setCount((last) => last + 1),
      onGap: show,
      onJoin: (reviews) => total.current !== null && reviews !== total.current && show(),
    });
  }, []);
  return { count, show };
}

function SortChoice({ sort, onChange }) {
  return html`<label class="sort">
    <span class="hidden-text">${t("review.sort")}</span>
    <select class="select" value=${sort} onChange=${(event) => onChange(event.target.value)}>
      ${SORTS.map((name) => html`<option key=${name} value=${name}>${t(`review.sort.${name}`)}</option>`)}
    </select>
  </label>`;
}

function OwnPart({ film, account, own, onChange }) {
  const [isWriting, setWriting] = useState(false);
  const close = () => {
    setWriting(false);
    document.getElementById("reviews-title").focus(); // what had the focus is gone
  };
  const finish = () => {
    close();
    onChange();
  };
  if (own.error) return html`<${ErrorNotice} error=${own.error} onRetry=${own.reload} />`;
  if (isWriting) {
    return html`<div class="card">
      <${ReviewForm}
        film=${film}
        review=${own.data}
        onDone=${finish}
        onClose=${close}
      />
    </div>`;
  }
  if (own.data) {
    return html`<${OwnReview}
      review=${own.data}
      onEdit=${() => setWriting(true)}
      onDeleted=${finish}
    />`;
  }
  return html`<div>
    <${ActionButton} isReady=${account !== null} onClick=${() => setWriting(true)}>
      ${t("review.write")}
    <//>
  </div>`;
}
