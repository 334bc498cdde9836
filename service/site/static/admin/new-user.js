/* The form with which an admin makes an account, in every mode of registration. */

import { html, useLayoutEffect } from "../lib.js";
import { Field, Form, PasswordField, SubmitButton, useForm } from "../components/form.js";
import { post } from "../client.js";
import { t } from "../i18n.js";

/** Show the form; `onDone` is told what was done. */
export function NewUserForm({ onDone, onClose }) {
  const form = useForm(async ({ username, email, password, is_admin }) => {
    const body = { username: username.trim(), password, is_admin: is_admin === "on" };
    if (email.trim()) body.email = email.trim();
    const account = await post("/admin/users", { body });
    onDone(t("accounts.made", { name: account.username }));
  });
  useLayoutEffect(() => form.element.current.elements.username.focus(), []);
  const actions = html`<${SubmitButton} form=${form}>${t("accounts.make")}<//>
    <button type="button" class="button" onClick=${onClose}>${t("dialog.cancel")}</button>`;
  return html`<${Form} form=${form} label=${t("accounts.new")} actions=${actions}>
    <div class="film-fields">
      <${Field}
        form=${form}
        name="username"
        label=${t("form.username")}
        required
        autocomplete="off"
        autocapitalize="none"
        spellcheck=${false}
      />
      <${Field}
        form=${form}
        name="email"
        type="email"
        label=${t("form.email")}
        hint=${t("accounts.email_hint")}
        autocomplete="off"
      />
      <${PasswordField}
        form=${form}
        name="password"
        label=${t("form.password")}
        hint=${t("form.password_hint")}
        required
        autocomplete="new-password"
      />
    </div>
    <label class="choice">
      <input type="checkbox" name="is_admin" />
      <span>${t("accounts.as_admin")}<span class="field-hint">${t("accounts.as_admin_hint")}</span></span>
    </label>
  <//>`;
}
