/* The filters that are set, each with a button that removes it. */

import { html } from "../lib.js";
import { formatList, formatRating, formatRuntime } from "../format.js";
import { t } from "../i18n.js";
import { LIST_FILTERS, countFilters, toggleValue, withoutFilters } from "../search-address.js";
import { valueName } from "./facet-names.js";
import { Icon } from "./icon.js";

/** Show a chip for each filter of `search`. */
export function Chips({ search, onChange }) {
  const chips = [
    ...LIST_FILTERS.flatMap((name) =>
      search[name].map((value) => ({
        key: `${name} ${value}`,
        text: valueName(name, value),
        change: toggleValue(search, name, value),
      })),
    ),
    ...rangeChip(search, "year", String),
    ...rangeChip(search, "rating", formatRating),
  ];
  if (search.in.length) {
    const fields = formatList(search.in.map((field) => t(`chips.in.${field}`)));
    chips.unshift({ key: "in", text: t("chips.in", { fields }), change: { in: [] } });
  }
  if (search.runtime_max !== null) {
    chips.push({
      key: "runtime",
      text: t("chips.runtime", { time: formatRuntime(search.runtime_max) }),
      change: { runtime_max: null },
    });
  }
  if (!chips.length) return null;
  return html`<ul class="chips" aria-label=${t("chips.label")}>
    ${chips.map(
      ({ key, text, change }) => html`<li key=${key}>
        <button
          type="button"
          class="chip"
          aria-label=${t("chips.remove", { filter: text })}
          onClick=${() => onChange(change)}
        >
          <span dir="auto">${text}</span> <${Icon} name="close" size=${14} />
        </button>
      </li>`,
    )}
    ${countFilters(search) > 1 &&
    html`<li>
      <button type="button" class="chip chip-clear" onClick=${() => onChange(withoutFilters(search))}>
        ${t("filters.clear")}
      </button>
    </li>`}
  </ul>`;
}

function rangeChip(search, name, format) {
  const [minimum, maximum] = [search[`${name}_min`], search[`${name}_max`]];
  if (minimum === null && maximum === null) return [];
  const kind = minimum === null ? "to" : maximum === null ? "from" : "between";
  const values = { from: format(minimum ?? 0), to: format(maximum ?? 0) };
  const text =
    minimum !== null && minimum === maximum
      ? t(`chips.${name}.equal`, { value: values.from })
      : t(`chips.${name}.${kind}`, values);
  return [{ key: name, text, change: { [`${name}_min`]: null, [`${name}_max`]: null } }];
}
