/* A button that copies a text and says that it did. */

import { html, useRef, useState } from "../lib.js";
import { copyText } from "../files.js";
import { loadMessages, t } from "../i18n.js";
import { Icon } from "./icon.js";
import { announce } from "./live-region.js";

await loadMessages("copy");

const COPIED_MS = 2500;

/** Show the button; `text()` is called when it is pressed. */
export function CopyButton({ text, label, ...attributes }) {
  const [copied, setCopied] = useState(null);
  const timer = useRef(0);
  const copy = async () => {
    const isCopied = await copyText(text());
    setCopied(isCopied);
    announce(t(isCopied ? "copy.done" : "copy.failed"));
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(null), COPIED_MS);
  };
  return html`<button type="button" class="button button-primary" ...${attributes} onClick=${copy}>
    ${copied && html`<${Icon} name="check" size=${18} />`}
    ${" "}${copied === null ? label : t(copied ? "copy.done" : "copy.failed")}
  </button>`;
}
