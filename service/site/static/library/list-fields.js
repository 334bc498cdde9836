/* The fields of a list, in the forms that make and change one. */

import { html } from "../lib.js";
import { Field } from "../components/form.js";
import { t } from "../i18n.js";

export const LISTS_ADDRESS = "/account?tab=lists";
export const MAX_TEXT_LENGTH = 2_000;

const VISIBILITIES = ["private", "unlisted", "public"];
const MAX_NAME_LENGTH = 100;

/** Show the field for the name. */
export function NameField({ form, label, value = "" }) {
  return html`<${Field}
    form=${form}
    name="name"
    label=${label}
    defaultValue=${value}
    required
    maxlength=${MAX_NAME_LENGTH}
    autocomplete="off"
    dir="auto"
  />`;
}

/** Show the choice of who sees the list. */
export function VisibilityField({ form, value = VISIBILITIES[0] }) {
  return html`<${Field} form=${form} name="visibility" tag="select" label=${t("library.visibility")}>
    ${VISIBILITIES.map(
      (name) => html`<option key=${name} value=${name} selected=${name === value}>
        ${t(`library.visibility.${name}`)}
      </option>`,
    )}
  <//>`;
}
