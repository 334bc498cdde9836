/* What others write about a film while its page is open. Without a socket, the page is as it was read. */

import { openLiveSocket } from "../live-socket.js";

/** Follow the reviews of a film until the function that this returns is called.
 *
 * `onReview(event)` gets each new one; `onGap()` is called if some may have been missed, and
 * `onJoin(count)` with the film's number of reviews each time that its room is joined.
 */
export function followReviews(filmId, { onReview, onGap, onJoin }) {
  let position = null;
  const join = () => socket.send({ event: "join_notification", room_id: filmId, ...position });
  const handle = (event) => {
    if (event.epoch) position = { epoch: event.epoch, offset: event.offset };
    if (event.event === "new_review") onReview(event);
    if (event.event === "join_notification" && event.own) {
      socket.settle();
      onJoin(event.reviews);
    }
    if (event.event === "resync") {
      onGap();
      if (event.epoch) return;
      position = null; // the film is another one now
      join();
    }
  };
  const socket = openLiveSocket({ onOpen: join, onEvent: handle });
  return () => socket.close();
}
