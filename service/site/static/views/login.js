/* Log in with a name or an e-mail address. */

import { html } from "../lib.js";
import { Entrance, entranceAddress, readNext } from "../components/entrance.js";
import { Field, Form, PasswordField, SubmitButton, useForm } from "../components/form.js";
import { ResendForm } from "../components/resend.js";
import { Notice } from "../components/notice.js";
import { formatDate } from "../format.js";
import { t } from "../i18n.js";
import { erasure, login } from "../session.js";
import { useStore } from "../store.js";

/** Show the login; `next` in the address is where it leads. */
export default function LoginView({ entry }) {
  const erasedAt = useStore(erasure);
  const form = useForm(({ name, password }) => {
    const field = name.includes("@") ? "email" : "username";
    return login({ [field]: name.trim(), password });
  });
  const help = (error) => error.code === "email_not_confirmed" && html`<${ResendForm} />`;
  const register = entranceAddress("/register", readNext(entry.params));
  const aside = html`${t("login.no_account")} <a href=${register}>${t("login.register")}</a>
    ${" · "}<a href="/forgot-password">${t("login.forgot")}</a>`;
  const button = html`<${SubmitButton} form=${form}>${t("login.submit")}<//>`;
  return html`<${Entrance} entry=${entry} title=${t("login.title")} aside=${aside}>
    ${erasedAt &&
    html`<${Notice} kind="good" title=${t("login.deleted")}>
      ${t("login.deleted_detail", { until: formatDate(erasedAt, { time: true }) })}
    <//>`}
    <${Form} form=${form} label=${t("login.title")} actions=${button} help=${help}>
      <${Field}
        form=${form}
        name="name"
        label=${t("login.name")}
        required
        autocomplete="username"
        autocapitalize="none"
        spellcheck=${false}
      />
      <${PasswordField}
        form=${form}
        name="password"
        label=${t("form.password")}
        required
        autocomplete="current-password"
      />
    <//>
  <//>`;
}
