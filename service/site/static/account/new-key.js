/* The form that makes an API key. */

import { html, useLayoutEffect } from "../lib.js";
import { Field, Form, SubmitButton, useForm } from "../components/form.js";
import { ApiError, post } from "../client.js";
import { t } from "../i18n.js";

const SCOPES = ["read", "write", "lists", "admin"];
const LIFETIMES = ["30", "90", "365", ""]; // days; without a text, for ever
const DEFAULT_LIFETIME = "365";
const DAY_MS = 86_400_000;

/** Show the form; `onDone` gets the new key. */
export function NewKeyForm({ account, onDone, onClose }) {
  const form = useForm(async ({ name, days }) => {
    const checked = form.element.current.querySelectorAll('[name="scopes"]:checked');
    const scopes = [...checked].map((box) => box.value);
    if (!scopes.length) throw missingScopes();
    const body = { name: name.trim(), scopes };
    if (days) body.expires_at = new Date(Date.now() + Number(days) * DAY_MS).toISOString();
    onDone(await post("/me/keys", { body }));
  });
  useLayoutEffect(() => form.element.current.elements.name.focus(), []);
  const actions = html`<${SubmitButton} form=${form}>${t("account.make_key")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  return html`<${Form} form=${form} label=${t("account.new_key")} actions=${actions}>
    <${Field}
      form=${form}
      name="name"
      label=${t("account.key_name")}
      hint=${t("account.key_name_hint")}
      required
      maxlength="60"
      autocomplete="off"
      dir="auto"
    />
    <${Scopes} form=${form} scopes=${SCOPES.filter((name) => name !== "admin" || account.is_admin)} />
    <${Field} form=${form} name="days" tag="select" label=${t("account.key_lifetime")}>
      ${LIFETIMES.map(
        (days) => html`<option value=${days} selected=${days === DEFAULT_LIFETIME}>
          ${days ? t("account.days", { n: Number(days) }) : t("account.for_ever")}
        </option>`,
      )}
    <//>
  <//>`;
}

function Scopes({ form, scopes }) {
  const error = form.errors.scopes;
  return html`<fieldset class="choice-group" aria-describedby=${error ? "scopes-error" : null}>
    <legend>${t("account.key_scopes")}</legend>
    ${scopes.map(
      (name) => html`<label class="choice" key=${name}>
        <input
          type="checkbox"
          name="scopes"
          value=${name}
          defaultChecked=${name === "read"}
          aria-invalid=${error ? "true" : null}
        />
        <span>
          ${t(`account.scope.${name}`)}
          <span class="field-hint">${t(`account.scope_hint.${name}`)}</span>
        </span>
      </label>`,
    )}
    ${error && html`<p class="field-error" id="scopes-error">${error}</p>`}
  </fieldset>`;
}

const missingScopes = () =>
  new ApiError(422, { errors: [{ pointer: "/scopes", detail: "must name a scope" }] });
