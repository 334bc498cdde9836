/* Two sliders on one track, for a range, below a histogram. An end that is not set is at its limit. */

import { html, useEffect, useState } from "../lib.js";
import { t } from "../i18n.js";

/** Choose a range.
 *
 * Args:
 *   labels: the names of the two ends.
 *   values: the two ends; null where the range is open.
 *   bars: the counts, as `{start, end, count}`, in units of the range.
 *   onChange: called with the two ends when a handle is released or moved by key.
 */
export function RangeSlider({
  legend,
  labels,
  minimum,
  maximum,
  step,
  values,
  format,
  bars,
  onChange,
}) {
  const fromProps = [values[0] ?? minimum, values[1] ?? maximum].map((v) => clamp(v, minimum, maximum));
  const [ends, setEnds] = useState(fromProps);
  useEffect(() => setEnds(fromProps), fromProps);
  const share = (value) => ((value - minimum) / (maximum - minimum)) * 100;
  const move = (index, value) => {
    const next = [...ends];
    next[index] = index === 0 ? Math.min(value, ends[1]) : Math.max(value, ends[0]);
    setEnds(next);
    return next;
  };
  const commit = (index, value) => {
    const [low, high] = move(index, value);
    onChange([low === minimum ? null : low, high === maximum ? null : high]);
  };
  return html`<fieldset class="filter range">
    <legend>${legend}</legend>
    <${Histogram} bars=${bars} ends=${ends} share=${share} />
    <div class="range-track">
      <div
        class="range-fill"
        style=${{ left: `${share(ends[0])}%`, right: `${100 - share(ends[1])}%` }}
      ></div>
      ${ends.map(
        (value, index) => html`<input
          key=${index}
          type="range"
          class=${`range-input ${isOnTop(ends, index, minimum, maximum) ? "range-top" : ""}`}
          aria-label=${labels[index]}
          aria-valuetext=${isOpen(values, index) ? t("range.any", { value: format(value) }) : format(value)}
          min=${minimum}
          max=${maximum}
          step=${step}
          value=${value}
          onInput=${(event) => (event.target.value = move(index, Number(event.target.value))[index])}
          onChange=${(event) => commit(index, Number(event.target.value))}
        />`,
      )}
    </div>
    <div class="range-ends" aria-hidden="true">
      <span>${format(ends[0])}</span>
      <span>${format(ends[1])}</span>
    </div>
  </fieldset>`;
}

const clamp = (value, minimum, maximum) => Math.min(Math.max(value, minimum), maximum);

const isOpen = (values, index) => values[index] === null;

/* Where both handles are at the upper limit, the lower one must be the one that can be taken. */
function isOnTop(ends, index, minimum, maximum) {
  return index === 0 && ends[0] > (minimum + maximum) / 2;
}

function Histogram({ bars, ends, share }) {
  const highest = Math.max(1, ...bars.map(({ count }) => count));
  return html`<div class="histogram" aria-hidden="true">
    ${bars.map(({ start, end, count, label }) => {
      const isInside = end > ends[0] && start <= ends[1];
      return html`<span
        key=${start}
        class=${isInside ? "bar" : "bar bar-outside"}
        title=${label}
        style=${{
          left: `${Math.max(0, share(start))}%`,
          right: `${Math.max(0, 100 - share(end))}%`,
          height: `${Math.max(4, (Math.sqrt(count) / Math.sqrt(highest)) * 100)}%`,
        }}
      ></span>`;
    })}
  </div>`;
}
