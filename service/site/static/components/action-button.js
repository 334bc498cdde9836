/* What takes an account: a button that is on or off, or for visitors a link to the login. */

import { html } from "../lib.js";
import { entranceAddress } from "./entrance.js";
import { Icon } from "./icon.js";
import { user } from "../session.js";
import { useStore } from "../store.js";
import { t } from "../i18n.js";

/** Show the action; `isOn` is null where there is nothing to switch, and `label` says what the icon does. */
export function ActionButton({ icon, label, isOn = null, isReady = true, onClick, children }) {
  const account = useStore(user);
  const content = html`${icon && html`<${Icon} name=${icon} size=${18} />`}${children}`;
  if (!account) {
    const address = entranceAddress("/login", location.pathname + location.search);
    return html`<a class="button action" href=${address} aria-label=${label} title=${t("page.log_in_first")}>
      ${content}
    </a>`;
  }
  return html`<button
    type="button"
    class="button action"
    aria-label=${label}
    aria-pressed=${isOn === null ? null : String(isOn)}
    disabled=${!isReady}
    onClick=${onClick}
  >
    ${content}
  </button>`;
}
