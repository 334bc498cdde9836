/* What a user shows to others: what was seen and how it was scored, reviews, lists. */

import { html, loadStyle, useEffect } from "../lib.js";
import { valueName } from "../components/facet-names.js";
import { ErrorNotice, ViewState } from "../components/notice.js";
import { announce } from "../components/live-region.js";
import { PagedRows, Row } from "../components/rows.js";
import { setBlocked } from "../blocks.js";
import { get } from "../client.js";
import { ReviewText } from "../film/review-text.js";
import { RelativeTime, formatDate, formatNumber } from "../format.js";
import { language, t } from "../i18n.js";
import { useAction, useLoaded, usePages } from "../loading.js";
import { useSettled } from "../router.js";
import { user } from "../session.js";
import { useStore } from "../store.js";

await loadStyle("reviews");

const COUNTS = ["films_seen", "ratings", "reviews", "lists"];
const SHOWN_GENRES = 12;
const SHOWN_REVIEWS = 10;
const SHOWN_LISTS = 20;

/** Show the profile of the user whom the address names. */
export default function UserView({ args: [name] }) {
  const account = useStore(user);
  return html`<${Profile} key=${`${name} ${account?.id ?? ""}`} name=${name} account=${account} />`;
}

function Profile({ name, account }) {
  const path = encodeURIComponent(name);
  const profile = useLoaded((signal) => get(`/users/${path}`, { signal }));
  useSettled(Boolean(profile.data ?? profile.error));
  useEffect(() => {
    document.title = `${profile.data?.username ?? t("user.title")} · ${t("page.name")}`;
  });
  if (profile.error?.status === 404) {
    return html`<${ViewState} icon="person" title=${t("user.none")} level=${1}>
      <p class="muted">${t("user.none.detail")}</p>
    <//>`;
  }
  if (profile.error) return html`<${ErrorNotice} error=${profile.error} onRetry=${profile.reload} />`;
  if (!profile.data) return null;
  const { username, joined_at: joined, profile: visibility, counts } = profile.data;
  return html`<div class="user">
    <header class="user-head">
      <div>
        <h1 dir="auto">${username}</h1>
        <p class="muted">
          ${t("user.since")} <time datetime=${joined}>${formatDate(joined)}</time>
          ${visibility === "private" && ` · ${t("user.private")}`}
        </p>
      </div>
      ${account &&
      account.username !== username &&
      html`<${BlockButton} profile=${profile.data} onChange=${profile.reload} />`}
    </header>
    <ul class="user-counts">
      ${COUNTS.map((count) => html`<li key=${count}>${t(`user.count.${count}`, { n: counts[count] })}</li>`)}
    </ul>
    <${Plots} path=${path} />
    ${profile.data.blocked
      ? html`<p class="muted">${t("blocks.of_profile")}</p>`
      : html`<${Reviews} path=${path} />`}
    ${counts.lists > 0 && html`<${PublicLists} path=${path} />`}
  </div>`;
}

function PublicLists({ path }) {
  const pages = usePages(
    (params, signal) => get(`/users/${path}/lists`, { params, signal }),
    { limit: SHOWN_LISTS },
  );
  return html`<section class="card" aria-labelledby="user-lists">
    <h2 id="user-lists">${t("user.lists")}</h2>
    <${PagedRows} pages=${pages} label=${t("user.lists")} none="">
      ${(list) => html`<${Row} key=${list.id} title=${html`<a href=${`/list/${list.id}`}>${list.name}</a>`}>
        <span class="muted">${t("user.films", { n: list.movies })}</span>
        ${list.description && html`<span dir="auto">${list.description}</span>`}
      <//>`}
    <//>
  </section>`;
}

function BlockButton({ profile: { username, blocked }, onChange }) {
  const change = useAction(async () => {
    await setBlocked(username, !blocked);
    announce(t(blocked ? "blocks.ended" : "blocks.started", { name: username }), "blocks");
    onChange();
  });
  return html`<button type="button" class="button" disabled=${change.isBusy} onClick=${() => change.run()}>
      ${t(blocked ? "blocks.end" : "blocks.start")}
    </button>
    ${change.error && html`<${ErrorNotice} error=${change.error} />`}`;
}

function Plots({ path }) {
  const { data, error, reload } = useLoaded((signal) => get(`/users/${path}/statistics`, { signal }));
  if (error) return html`<${ErrorNotice} error=${error} onRetry=${reload} />`;
  if (!data) return null;
  const genres = data.genres.slice(0, SHOWN_GENRES);
  return html`<div class="user-plots">
    <${Plot} name="months" rows=${data.months.map((row) => [monthName(row.month), row.viewings])} />
    <${Plot} name="decades" rows=${data.decades.map((row) => [t("user.decade", { year: row.decade }), row.films])} />
    <${Plot} name="genres" rows=${genres.map((row) => [valueName("genre", row.genre), row.films])} />
    <${Plot} name="scores" rows=${data.scores.map((row) => [String(row.score), row.films])} />
  </div>`;
}

/* Bars with their numbers beside them, so that nobody has to guess lengths. */
function Plot({ name, rows }) {
  if (!rows.length) return null;
  const most = Math.max(...rows.map(([, count]) => count));
  return html`<section class="card" aria-labelledby=${`plot-${name}`}>
    <h2 id=${`plot-${name}`}>${t(`user.plot.${name}`)}</h2>
    <ul class="plot">
      ${rows.map(
        ([label, count]) => html`<li key=${label}>
          <span class="plot-label" dir="auto">${label}</span>
          <span class="plot-bar" style=${{ "--share": String(count / most) }} aria-hidden="true"></span>
          <span class="plot-count">${formatNumber(count)}</span>
        </li>`,
      )}
    </ul>
  </section>`;
}

function monthName(month) {
  const format = new Intl.DateTimeFormat(language.get(), {
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  return format.format(new Date(`${month}-01T00:00:00Z`));
}

function Reviews({ path }) {
  const pages = usePages(
    (params, signal) => get(`/users/${path}/reviews`, { params, signal }),
    { limit: SHOWN_REVIEWS },
  );
  if (pages.error) return html`<${ErrorNotice} error=${pages.error} onRetry=${pages.reload} />`;
  if (!pages.rows?.length) return null;
  return html`<section class="reviews" aria-labelledby="user-reviews">
    <h2 id="user-reviews">${t("user.reviews")}</h2>
    ${pages.rows.map((review) => html`<${UserReview} key=${review.id} review=${review} />`)}
    ${pages.more &&
    html`<button type="button" class="button" disabled=${pages.more.isBusy} onClick=${() => pages.more.run()}>
      ${t("page.more")}
    </button>`}
  </section>`;
}

function UserReview({ review }) {
  const { movie } = review;
  const text = html`<${ReviewText} source=${review.html} />`;
  return html`<article class="review" aria-labelledby=${`review-${review.id}`}>
    <header>
      <h3 class="review-title" id=${`review-${review.id}`} dir="auto">${review.title}</h3>
      <p class="muted">
        ${movie.deleted ? html`<bdi>${movie.title}</bdi>` : html`<a href=${`/film/${movie.id}`}><bdi>${movie.title}</bdi></a>`}
        ${review.score !== null && ` · ${t("user.of_ten", { score: review.score })}`}
        ${" · "}<${RelativeTime} value=${review.created_at} />
      </p>
    </header>
    ${review.spoiler
      ? html`<details class="review-spoiler"><summary>${t("user.show_spoiler")}</summary>${text}</details>`
      : text}
  </article>`;
}
