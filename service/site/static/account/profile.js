/* The e-mail address, the password, and how the page looks. */

import { html, useState } from "../lib.js";
import { Blocks } from "./blocks.js";
import { Field, Form, PasswordField, SubmitButton, useForm } from "../components/form.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { PreferenceChoices } from "../components/preferences.js";
import { patch, post } from "../client.js";
import { LANGUAGES, t } from "../i18n.js";
import { useAction } from "../loading.js";
import { user } from "../session.js";

/** Show what the owner of an account may change about it. */
export function Profile({ account }) {
  return html`<section class="card" aria-labelledby="account-email">
      <h2 id="account-email">${t("account.email")}</h2>
      <${EmailForm} />
    </section>
    <section class="card" aria-labelledby="account-password">
      <h2 id="account-password">${t("account.password")}</h2>
      <${PasswordForm} account=${account} />
    </section>
    <${AccountChoices} account=${account} />
    <${Blocks} />
    <section class="card" aria-labelledby="account-appearance">
      <h2 id="account-appearance">${t("preferences.label")}</h2>
      <div class="account-choices"><${PreferenceChoices} place="account" /></div>
    </section>`;
}

const CHOICES = {
  profile: ["private", "public"],
  language: [null, ...Object.keys(LANGUAGES)], // null: that of the page at that time
};

/* What others see of the account, and what mails to it are written in; a choice counts at once. */
function AccountChoices({ account }) {
  const change = useAction(async (body) => user.set(await patch("/me", { body })));
  return html`<section class="card" aria-labelledby="account-choices">
    <h2 id="account-choices">${t("account.choices")}</h2>
    <p class="muted">${t("account.choices_detail")}</p>
    ${change.error && html`<${ErrorNotice} error=${change.error} />`}
    <div class="account-choices">
      ${Object.entries(CHOICES).map(
        ([name, values]) => html`<fieldset class="choice-group" key=${name}>
          <legend>${t(`account.choice.${name}`)}</legend>
          ${values.map(
            (value) => html`<label class="choice" key=${value}>
              <input
                type="radio"
                name=${`account-${name}`}
                checked=${account[name] === value}
                disabled=${change.isBusy}
                onChange=${() => change.run({ [name]: value })}
              />
              ${LANGUAGES[value] ?? t(`account.choice.${name}.${value ?? "page"}`)}
            </label>`,
          )}
        </fieldset>`,
      )}
    </div>
  </section>`;
}

function EmailForm() {
  const [notice, setNotice] = useState(null);
  const form = useForm(async ({ email, current_password }) => {
    setNotice(null);
    const body = { email: email.trim(), current_password };
    const account = await patch("/me", { body });
    form.element.current.reset();
    user.set(account);
    const isChanged = account.email?.toLowerCase() === body.email.toLowerCase();
    setNotice(t(isChanged ? "account.email_changed" : "account.email_pending", { email: body.email }));
  });
  const button = html`<${SubmitButton} form=${form}>${t("account.change_email")}<//>`;
  return html`${notice && html`<${Notice} kind="good" title=${notice} />`}
    <${Form} form=${form} label=${t("account.email")} actions=${button}>
      <${Field}
        form=${form}
        name="email"
        type="email"
        label=${t("account.new_email")}
        required
        autocomplete="email"
      />
      <${PasswordField}
        form=${form}
        name="current_password"
        label=${t("form.password")}
        required
        autocomplete="current-password"
      />
    <//>`;
}

function PasswordForm({ account }) {
  const [isChanged, setChanged] = useState(false);
  const form = useForm(async ({ current_password, new_password }) => {
    setChanged(false);
    await post("/auth/password", { body: { current_password, new_password } });
    form.element.current.reset();
    setChanged(true);
  });
  const button = html`<${SubmitButton} form=${form}>${t("account.change_password")}<//>`;
  return html`<p class="muted">${t("account.password_detail")}</p>
    ${isChanged && html`<${Notice} kind="good" title=${t("account.password_changed")} />`}
    <${Form} form=${form} label=${t("account.password")} actions=${button}>
      <input
        class="hidden-text"
        type="text"
        name="username"
        autocomplete="username"
        value=${account.username}
        readonly
        tabindex="-1"
        aria-hidden="true"
      />
      <${PasswordField}
        form=${form}
        name="current_password"
        label=${t("account.current_password")}
        required
        autocomplete="current-password"
      />
      <${PasswordField}
        form=${form}
        name="new_password"
        label=${t("form.new_password")}
        hint=${t("form.password_hint")}
        required
        autocomplete="new-password"
      />
    <//>`;
}
