/* What others write about a film while its page is open.

   Only who is logged in gets a ticket for the socket. Where there is no live service, the page is as it
   was read; it is tried again, ever more rarely. */

import { apiUrl, post } from "../client.js";

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 120_000;
const SESSION_ENDED = 4401;

/** Follow the reviews of a film until the function that this returns is called.
 *
 * `onReview(event)` gets each new one; `onGap()` is called if some may have been missed, and
 * `onJoin(count)` with the film's number of reviews each time that its room is joined.
 */
export function followReviews(filmId, { onReview, onGap, onJoin }) {
  const state = { socket: null, timer: 0, pause: MIN_PAUSE_MS, position: null, isOver: false };
  const tryLater = () => {
    if (state.isOver) return;
    state.timer = setTimeout(connect, state.pause * (0.5 + Math.random() / 2));
    state.pause = Math.min(2 * state.pause, MAX_PAUSE_MS);
  };
  const join = () => {
    const message = { event: "join_notification", room_id: filmId, ...state.position };
    state.socket.send(JSON.stringify(message));
  };
  const handle = (event) => {
    if (event.epoch) state.position = { epoch: event.epoch, offset: event.offset };
    if (event.event === "new_review") onReview(event);
    if (event.event === "join_notification" && event.own) {
      state.pause = MIN_PAUSE_MS;
      onJoin(event.reviews);
    }
    if (event.event === "resync") {
      onGap();
      if (event.epoch) return;
      state.position = null; // the film is another one now
      join();
    }
  };
  const connect = async () => {
    try {
      const { ticket } = await post("/auth/ws-ticket");
      if (state.isOver) return;
      state.socket = new WebSocket(socketUrl(ticket));
    } catch (error) {
      if (![401, 403].includes(error.status)) tryLater();
      return;
    }
    state.socket.onopen = join;
    state.socket.onmessage = ({ data }) => handle(JSON.parse(data));
    state.socket.onclose = ({ code }) => code !== SESSION_ENDED && tryLater();
  };
  connect();
  return () => {
    state.isOver = true;
    clearTimeout(state.timer);
    state.socket?.close();
  };
}

function socketUrl(ticket) {
  const url = new URL(apiUrl("/ws", { ticket }), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
