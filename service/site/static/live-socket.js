/* A WebSocket for live events, opened again for as long as it is wanted.

   Only who is logged in gets a ticket for it. Where there is no live service, it is tried again, ever
   more rarely. */

import { apiUrl, post } from "./client.js";

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 120_000;
const SESSION_ENDED = 4401;

/** Open the socket; return `send(message)`, `settle()` and `close()`.
 *
 * `onOpen()` is called each time that it opens, `onEvent(event)` with what the service sends, and
 * `onLost()` when it closes by itself. Call `settle()` once the socket works, so that a later loss is
 * followed by a short pause.
 */
export function openLiveSocket({ onOpen, onEvent, onLost = () => {} }) {
  const state = { socket: null, timer: 0, pause: MIN_PAUSE_MS, isOver: false };
  const tryLater = () => {
    if (state.isOver) return;
    state.timer = setTimeout(connect, state.pause * (0.5 + Math.random() / 2));
    state.pause = Math.min(2 * state.pause, MAX_PAUSE_MS);
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
    state.socket.onopen = () => onOpen();
    state.socket.onmessage = ({ data }) => onEvent(JSON.parse(data));
    state.socket.onclose = ({ code }) => {
      if (state.isOver) return;
      onLost();
      if (code !== SESSION_ENDED) tryLater();
    };
  };
  connect();
  return {
    send: (message) => state.socket.send(JSON.stringify(message)),
    settle: () => (state.pause = MIN_PAUSE_MS),
    close() {
      state.isOver = true;
      clearTimeout(state.timer);
      state.socket?.close();
    },
  };
}

function socketUrl(ticket) {
  const url = new URL(apiUrl("/ws", { ticket }), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
