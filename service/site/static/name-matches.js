/* The films that file names mean: asked for in batches, one after the other, and kept while other
   views are open. */

import { isAborted, post } from "./client.js";
import { MAX_NAMES } from "./name-lists.js";
import { createStore } from "./store.js";

export const SURE = 0.9; // the API calls a match sure from this confidence on

const BATCH_SIZE = 40; // names of one request, which the service reads in a second
const SENT_LENGTH = 800; // characters: of a path, the API reads the last three components
const DEFAULT_WAIT = 2; // seconds, where a refusal does not say how long

/** The list and its state, or null: `rows` of `{name, answer, choice, isChosen}`, `done`, `state`
    (`running`, `waiting`, `failed`, `stopped`, `finished`), `seconds` to wait, `error`. */
export const matching = createStore(null);

let controller = null;

/** Start with a new list. */
export function startMatching(names) {
  stopMatching();
  const rows = names.slice(0, MAX_NAMES).map((name) => ({ name, answer: null, choice: null }));
  matching.set({ rows, done: 0, state: "running", left: names.length - rows.length });
  return resumeMatching();
}

/** Go on where a list stopped. */
export async function resumeMatching() {
  controller = new AbortController();
  const { signal } = controller;
  update({ state: "running", error: null });
  try {
    while (!signal.aborted && matching.get().done < matching.get().rows.length) {
      await matchBatch(signal);
    }
    if (!signal.aborted) update({ state: "finished" });
  } catch (error) {
    if (!isAborted(error) && !signal.aborted) update({ state: "failed", error });
  }
}

/** Stop after what is known so far. */
export function stopMatching() {
  controller?.abort();
  controller = null;
  if (["running", "waiting"].includes(matching.get()?.state)) update({ state: "stopped" });
}

/** Forget the list. */
export function clearMatching() {
  stopMatching();
  matching.set(null);
}

/** Choose the film that a name means; null for none of them. */
export function chooseFilm(index, filmId) {
  const rows = [...matching.get().rows];
  rows[index] = { ...rows[index], choice: filmId, isChosen: true };
  update({ rows });
}

/** Return how sure a row is: `sure`, `likely`, `chosen` by hand, `unknown`, `refused`, or null before
    its answer. */
export function classify(row) {
  if (!row.answer) return null;
  if (row.answer.error) return "refused";
  if (row.isChosen) return row.choice ? "chosen" : "unknown";
  if (!row.choice) return "unknown";
  return chosenCandidate(row).confidence >= SURE ? "sure" : "likely";
}

/** Return the candidate that a row stands for, or undefined. */
export const chosenCandidate = (row) =>
  row.answer?.candidates.find(({ movie }) => movie.id === row.choice);

async function matchBatch(signal) {
  const { rows, done } = matching.get();
  const batch = rows.slice(done, done + BATCH_SIZE);
  const items = batch.map(({ name }) => shorten(name));
  let matches;
  try {
    ({ matches } = await post("/match", { body: { items }, signal }));
  } catch (error) {
    if (error.status !== 429) throw error;
    await waitFor(error.retryAfter ?? DEFAULT_WAIT, signal);
    return;
  }
  if (signal.aborted) return;
  const answered = [...matching.get().rows];
  matches.forEach((answer, index) => {
    answered[done + index] = { ...answered[done + index], answer, choice: answer.match };
  });
  update({ rows: answered, done: done + batch.length, state: "running" });
}

/* Whole characters, and none that cannot be sent. */
const shorten = (name) =>
  Array.from(name).slice(-SENT_LENGTH).join("").replace(/\p{Surrogate}/gu, "\ufffd");

async function waitFor(seconds, signal) {
  for (let left = Math.ceil(seconds); left > 0 && !signal.aborted; left -= 1) {
    update({ state: "waiting", seconds: left });
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function update(changes) {
  matching.set({ ...matching.get(), ...changes });
}
