/* The addresses to paste into programs that were made for other services. */

import { html } from "../lib.js";
import { CopyButton } from "../components/copy-button.js";
import { get } from "../client.js";
import { t } from "../i18n.js";
import { useLoaded } from "../loading.js";

const PLACEHOLDER = "KEY"; // stands for an API key that nobody but its owner knows

/* By the name of the API, as `COMPAT` has it. */
const PATHS = {
  omdb: () => "/omdb/",
  lists: (key) => `/lists/watchlist.json?apikey=${key}`,
  stremio: (key) => `/stremio/${key}/manifest.json`,
};

/** Show the address of each API that is answered, with the key `secret`; nothing while that is unknown. */
export function ClientAddresses({ secret }) {
  const { data } = useLoaded((signal) => get("/status", { signal }));
  const apis = (data?.setup?.compat ?? []).filter((api) => PATHS[api]);
  if (apis.length === 0) return null;
  return html`<section class="card" aria-labelledby="client-addresses">
    <h2 id="client-addresses">${t("account.addresses")}</h2>
    <p class="muted">${t("account.addresses_detail")}</p>
    ${apis.map((api) => html`<${ClientAddress} key=${api} api=${api} secret=${secret} />`)}
  </section>`;
}

function ClientAddress({ api, secret }) {
  const address = location.origin + PATHS[api](secret ?? PLACEHOLDER);
  const id = `address-${api}`;
  return html`<div class="field">
    <label for=${id}>${t(`account.address.${api}`)}</label>
    <input
      id=${id}
      class="input"
      readonly
      spellcheck=${false}
      value=${address}
      aria-describedby=${`${id}-hint`}
      onFocus=${(event) => event.target.select()}
    />
    <p id=${`${id}-hint`} class="muted">${t(`account.address_hint.${api}`)}</p>
    <div class="form-actions">
      <${CopyButton}
        class="button button-small"
        text=${() => address}
        label=${t("account.copy_address")}
        aria-describedby=${`${id}-hint`}
      />
    </div>
  </div>`;
}
