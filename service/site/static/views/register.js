/* Make an account, and log in with it. */

import { html, useState } from "../lib.js";
import { Entrance, entranceAddress, readNext } from "../components/entrance.js";
import { Field, Form, PasswordField, SubmitButton, useForm } from "../components/form.js";
import { ResendButton } from "../components/resend.js";
import { post } from "../client.js";
import { t } from "../i18n.js";
import { login } from "../session.js";

/** Show the registration; `next` in the address is where it leads. */
export default function RegisterView({ entry }) {
  const [needsInvite, setNeedsInvite] = useState(entry.params.has("invite"));
  const [pending, setPending] = useState(null); // the address that must be confirmed first
  const form = useForm(async ({ username, email, password, invite }) => {
    const body = { username: username.trim(), email: email.trim(), password };
    if (invite?.trim()) body.invite = invite.trim();
    try {
      const created = await post("/auth/register", { body, anonymous: true });
      if (created.status === "confirmation_required") return setPending(created.email);
    } catch (error) {
      if (error.code === "invite_required") setNeedsInvite(true);
      throw error;
    }
    return login({ username: body.username, password });
  });
  if (pending) return html`<${Pending} entry=${entry} email=${pending} />`;
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
      ${needsInvite &&
      html`<${Field}
        form=${form}
        name="invite"
        label=${t("register.invite")}
        required
        autocomplete="off"
        defaultValue=${entry.params.get("invite") ?? ""}
      />`}
    <//>
  <//>`;
}

function Pending({ entry, email }) {
  const aside = html`${t("register.resend")} <${ResendButton} email=${email} />`;
  return html`<${Entrance} entry=${entry} title=${t("register.pending")} aside=${aside}>
    <p role="status">${t("register.pending_detail", { email })}</p>
    <a class="button button-primary" href="/login">${t("register.login")}</a>
  <//>`;
}
