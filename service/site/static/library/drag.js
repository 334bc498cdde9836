/* Entries of a list that are moved by a pointer: mouse, pen or finger. A line shows where one goes. */

import { useEffect, useRef, useState } from "../lib.js";

const EDGE = 72; // pixels from the window's edge within which it scrolls
const SCROLL_STEP = 10; // pixels a frame

/** Return what rows and their handles need: `classOf(index)` and `handlers(index)`.
 *
 * `onMove(from, to)` is called when an entry is dropped somewhere else. Rows are `.list-entry`.
 */
export function useDrag(onMove) {
  const [drag, setDrag] = useState(null); // `from`, and `to` where the entry would go
  const pointer = useRef(null);
  const end = (isDropped) => {
    const { current } = pointer;
    if (!current) return;
    pointer.current = null;
    cancelAnimationFrame(current.frame);
    setDrag(null);
    if (isDropped && current.to !== current.from) onMove(current.from, current.to);
  };
  useEffect(() => {
    const cancel = (event) => event.key === "Escape" && end(false);
    addEventListener("keydown", cancel);
    return () => {
      removeEventListener("keydown", cancel);
      cancelAnimationFrame(pointer.current?.frame);
    };
  }, []);
  const follow = (y) => {
    const { current } = pointer;
    current.y = y;
    const to = findTarget(current.rows, current.from, y);
    if (to === current.to) return;
    current.to = to;
    setDrag({ from: current.from, to });
  };
  const scrollOn = () => {
    const { current } = pointer;
    if (!current) return;
    const step = scrollStep(current.y);
    if (step) {
      scrollBy(0, step);
      follow(current.y);
    }
    current.frame = requestAnimationFrame(scrollOn);
  };
  const start = (event, index) => {
    if (event.button !== 0) return;
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const rows = [...handle.closest("ul").querySelectorAll(":scope > .list-entry")];
    pointer.current = { from: index, to: index, y: null, rows, frame: 0 };
    pointer.current.frame = requestAnimationFrame(scrollOn);
    setDrag({ from: index, to: index });
  };
  return {
    classOf(index) {
      if (!drag) return "";
      if (index === drag.from) return "is-dragged";
      if (index !== drag.to) return "";
      return drag.to < drag.from ? "is-target-above" : "is-target-below";
    },
    handlers: (index) => ({
      onPointerDown: (event) => start(event, index),
      onPointerMove: (event) => pointer.current && follow(event.clientY),
      onPointerUp: () => end(true),
      onPointerCancel: () => end(false),
    }),
  };
}

/* The index that an entry gets if it is dropped at the height `y` of the window. */
function findTarget(rows, from, y) {
  const centers = rows.map((row) => {
    const { top, height } = row.getBoundingClientRect();
    return top + height / 2;
  });
  const above = centers.filter((center, index) => index !== from && center < y);
  return above.length;
}

function scrollStep(y) {
  if (y === null) return 0; // it has not moved yet
  if (y < EDGE) return -SCROLL_STEP;
  return y > innerHeight - EDGE ? SCROLL_STEP : 0;
}
