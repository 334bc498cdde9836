/* What one does with a film: a vote, a score, the watchlist, the history. */

import { html, useRef, useState } from "../lib.js";
import { ActionButton } from "../components/action-button.js";
import { LazyPart } from "../components/lazy-part.js";
import { ErrorNotice } from "../components/notice.js";
import { ApiError, get, post, put, remove } from "../client.js";
import { RelativeTime, formatNumber, formatRating } from "../format.js";
import { t } from "../i18n.js";
import { useOptimistic } from "../optimistic.js";
import { user } from "../session.js";
import { useStore } from "../store.js";

const loadListDialog = () => import("./add-to-list.js");

const SCORES = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
const NO_RATING = { vote: null, score: null };

/** Show what users think of a film, and what the reader can do with it. */
export function FilmActions({ film }) {
  const account = useStore(user);
  return html`<${Actions} key=${`${film.id} ${account?.id ?? ""}`} film=${film} account=${account} />`;
}

function Actions({ film, account }) {
  const rating = useOptimistic((signal) => loadRating(film, account, signal));
  const watchlist = useOptimistic((signal) => loadWatchlist(film, account, signal));
  const history = useOptimistic((signal) => loadHistory(film, account, signal));
  const parts = [rating, watchlist, history];
  const failed = parts.find(({ error }) => error);
  const readAgain = () => parts.forEach(({ reload }) => reload());
  return html`<section class="film-actions" aria-label=${t("film.own")}>
    <${Votes} film=${film} rating=${rating} account=${account} />
    <div class="film-action-row">
      <${ActionButton}
        icon="bookmark"
        isOn=${watchlist.value?.isOn ?? false}
        isReady=${watchlist.value !== null}
        onClick=${() => switchWatchlist(film, watchlist)}
      >
        ${t("film.own.watchlist")}
      <//>
      <${ActionButton}
        icon="check"
        isReady=${history.value !== null}
        onClick=${() => addToHistory(film, history)}
      >
        ${t(history.value?.count ? "film.own.see_again" : "film.own.see")}
      <//>
      <${ListAction} film=${film} />
      <${Seen} history=${history} />
    </div>
    ${failed &&
    html`<${ErrorNotice} error=${failed.error} onRetry=${failed.isUnread ? readAgain : null} />`}
  </section>`;
}

function Votes({ film, rating, account }) {
  const shown = rating.value ?? NO_RATING;
  const { votes, score } = useCounts(film, rating);
  const vote = (name) => saveRating(film, rating, { vote: shown.vote === name ? null : name });
  return html`<div class="film-action-row">
    ${["up", "down"].map(
      (name) => html`<${ActionButton}
        key=${name}
        icon=${name === "up" ? "like" : "dislike"}
        label=${t(`film.own.vote.${name}`, { n: votes[name] })}
        isOn=${shown.vote === name}
        isReady=${rating.value !== null}
        onClick=${() => vote(name)}
      >
        ${formatNumber(votes[name])}
      <//>`,
    )}
    ${account &&
    html`<span class="film-own-score">
      <label for="film-own-score">${t("film.own.score")}</label>
      <select
        id="film-own-score"
        class="select"
        value=${shown.score ?? ""}
        disabled=${rating.value === null}
        onChange=${(event) => saveRating(film, rating, { score: Number(event.target.value) || null })}
      >
        <option value="">–</option>
        ${SCORES.map((value) => html`<option key=${value} value=${value}>${value}</option>`)}
      </select>
    </span>`}
    ${score.count > 0 &&
    html`<span class="muted">
      ${t("film.own.scores", { n: score.count, mean: formatRating(score.value) })}
    </span>`}
  </div>`;
}

/* The film's counts with the reader's own rating as it is shown. Those of `film` have the rating that
   was saved when the film was read. */
function useCounts(film, { value, saved }) {
  const base = useRef({ film: null, rating: null });
  if (base.current.film !== film) base.current = { film, rating: saved };
  base.current.rating ??= saved;
  const before = base.current.rating ?? NO_RATING;
  const after = value ?? NO_RATING;
  const count = (name) => film.votes[name] - (before.vote === name) + (after.vote === name);
  const { user_rating: scores } = film;
  const scoreCount = scores.count - (before.score !== null) + (after.score !== null);
  const sum = (scores.value ?? 0) * scores.count - (before.score ?? 0) + (after.score ?? 0);
  return {
    votes: { up: Math.max(0, count("up")), down: Math.max(0, count("down")) },
    score: { count: scoreCount, value: scoreCount > 0 ? sum / scoreCount : null },
  };
}

function ListAction({ film }) {
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState(null);
  const finish = (listName) => {
    setOpen(false);
    setName(listName);
  };
  return html`<${ActionButton} icon="plus" onClick=${() => setOpen(true)}>${t("film.own.list")}<//>
    <span role="status" class="muted">${name !== null && t("film.own.listed", { name })}</span>
    ${isOpen &&
    html`<${LazyPart} load=${loadListDialog} film=${film} onDone=${finish} onClose=${() => setOpen(false)} />`}`;
}

function Seen({ history: { value, save } }) {
  if (!value?.count) return null;
  const undo = () => save(value.before, () => remove(`/me/history/${value.entry}`));
  return html`<span class="muted">
    ${t("film.own.seen", { n: value.count })}${" · "}<${RelativeTime} value=${value.last} />
    ${value.entry &&
    html`${" "}<button type="button" class="link-button" onClick=${undo}>
        ${t("film.own.undo")}
      </button>`}
  </span>`;
}

async function loadRating(film, account, signal) {
  if (!account) return null;
  const { results } = await get("/ratings", { params: { movie: film.id }, signal });
  return results.length ? { vote: results[0].vote, score: results[0].score } : NO_RATING;
}

/* One rating with neither vote nor score is none. */
function saveRating(film, rating, changes) {
  const next = { ...rating.value, ...changes };
  const isNone = next.vote === null && next.score === null;
  const item = { movie: film.id, ...(isNone ? { action: "remove" } : next) };
  rating.save(next, async () => {
    const { answers } = await post("/ratings/batch", { body: { items: [item] } });
    if (answers[0].problem) throw new ApiError(answers[0].status, answers[0].problem);
  });
}

async function loadWatchlist(film, account, signal) {
  if (!account) return null;
  const { total } = await get("/me/watchlist", { params: { movie: film.id }, signal });
  return { isOn: total.value > 0 };
}

function switchWatchlist(film, { value, save }) {
  const isOn = !value.isOn;
  const send = async () => {
    if (isOn) await put(`/me/watchlist/${film.id}`);
    else await remove(`/me/watchlist/${film.id}`);
  };
  save({ isOn }, send);
}

async function loadHistory(film, account, signal) {
  if (!account) return null;
  const params = { movie: film.id, limit: 1 };
  const { results, total } = await get("/me/history", { params, signal });
  return { count: total.value, last: results[0]?.watched_at ?? null };
}

function addToHistory(film, { value, save }) {
  const before = { count: value.count, last: value.last };
  const next = { count: value.count + 1, last: new Date().toISOString() };
  save(next, async () => {
    const { id, watched_at: last } = await post("/me/history", { body: { movie: film.id } });
    return { ...next, last, entry: id, before };
  });
}
