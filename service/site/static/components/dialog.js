/* A modal dialog, a sheet on a phone. The browser keeps the focus inside; it goes back at the end. */

import { html, useLayoutEffect, useRef } from "../lib.js";
import { t } from "../i18n.js";
import { Icon } from "./icon.js";

/** Show `children` in a dialog until `onClose` is called by Escape, the button or the backdrop. */
export function Dialog({ title, onClose, children, foot }) {
  const dialog = useRef(null);
  const isShown = useRef(true); // the end of a dialog that something else replaces is no wish to close
  useLayoutEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    element.showModal();
    return () => {
      isShown.current = false;
      if (element.open) element.close();
      opener?.focus({ preventScroll: true });
    };
  }, []);
  const closeOnBackdrop = (event) => event.target === dialog.current && onClose();
  return html`<dialog
    ref=${dialog}
    class="dialog"
    aria-labelledby="dialog-title"
    onCancel=${(event) => (event.preventDefault(), onClose())}
    onClose=${() => isShown.current && onClose()}
    onMouseDown=${closeOnBackdrop}
  >
    <div class="dialog-head">
      <h2 id="dialog-title">${title}</h2>
      <button type="button" class="icon-button" aria-label=${t("dialog.close")} onClick=${onClose}>
        <${Icon} name="close" />
      </button>
    </div>
    <div class="dialog-body">${children}</div>
    ${foot && html`<div class="dialog-foot">${foot}</div>`}
  </dialog>`;
}

/** Ask whether to go on with something that cannot be undone. */
export function ConfirmDialog({ title, children, confirm, onConfirm, onClose, isBusy }) {
  const foot = html`<button type="button" class="button" onClick=${onClose}>
      ${t("dialog.cancel")}
    </button>
    <button type="button" class="button button-danger" disabled=${isBusy} onClick=${onConfirm}>
      ${confirm}
    </button>`;
  return html`<${Dialog} title=${title} onClose=${onClose} foot=${foot}>${children}<//>`;
}
