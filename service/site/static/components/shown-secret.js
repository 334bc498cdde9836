/* A secret that the service tells only once, to be copied. */

import { html, useLayoutEffect, useRef } from "../lib.js";
import { t } from "../i18n.js";
import { CopyButton } from "./copy-button.js";
import { Notice } from "./notice.js";

/** Show the secret until `onClose`; nobody can read it again later. */
export function ShownSecret({ title, detail, label, copyLabel, value, onClose }) {
  const input = useRef(null);
  useLayoutEffect(() => input.current.focus(), [value]);
  return html`<${Notice} kind="good" title=${title}>
    <p>${detail}</p>
    <div class="field">
      <label class="hidden-text" for="shown-secret">${label}</label>
      <input
        id="shown-secret"
        class="input shown-secret"
        ref=${input}
        readonly
        spellcheck=${false}
        value=${value}
        onFocus=${(event) => event.target.select()}
      />
    </div>
    <div class="form-actions">
      <${CopyButton} text=${() => value} label=${copyLabel} />
      <button type="button" class="button" onClick=${onClose}>${t("copy.close")}</button>
    </div>
  <//>`;
}
