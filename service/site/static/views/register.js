/* Make an account, and log in with it. */

import { html } from "../lib.js";
import { Entrance, entranceAddress, readNext } from "../components/entrance.js";
import { Field, Form, PasswordField, SubmitButton, useForm } from "../components/form.js";
import { post } from "../client.js";
import { t } from "../i18n.js";
import { login } from "../session.js";

/** Show the registration; `next` in the address is where it leads. */
export default function RegisterView({ entry }) {
  const form = useForm(async ({ username, email, password }) => {
    const body = { username: username.trim(), email: email.trim(), password };
    await post("/auth/register", { body, anonymous: true });
    await login({ username: body.username, password });
  });
  const address = entranceAddress("/login", readNext(entry.params));
  const aside = html`${t("register.has_account")} <a href=${address}>${t("register.login")}</a>`;
  const button = html`<${SubmitButton} form=${form}>${t("register.submit")}<//>`;
  return html`<${Entrance} entry=${entry} title=${t("register.title")} aside=${aside}>
    <${Form} form=${form} label=${t("register.title")} actions=${button}>
      <${Field}
        form=${form}
        name="username"
        label=${t("form.username")}
        hint=${t("register.username_hint")}
        required
        autocomplete="username"
        autocapitalize="none"
        spellcheck=${false}
      />
      <${Field}
        form=${form}
        name="email"
        type="email"
        label=${t("form.email")}
        required
        autocomplete="email"
      />
      <${PasswordField}
        form=${form}
        name="password"
        label=${t("form.password")}
        hint=${t("form.password_hint")}
        required
        autocomplete="new-password"
      />
    <//>
  <//>`;
}
