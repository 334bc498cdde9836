/* One's own account: who one is, the password, the sessions, and how the page looks. */

import { html, useEffect, useState } from "../lib.js";
import { ConfirmDialog } from "../components/dialog.js";
import { useRequiredAccount } from "../components/entrance.js";
import { Field, Form, PasswordField, SubmitButton, useForm } from "../components/form.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { PreferenceChoices } from "../components/preferences.js";
import { formatDate } from "../format.js";
import { patch, post } from "../client.js";
import { t } from "../i18n.js";
import { navigate, useSettled } from "../router.js";
import { logout, logoutEverywhere, user } from "../session.js";

/** Show the account; who is not logged in is asked to log in first. */
export default function AccountView({ entry }) {
  const account = useRequiredAccount(entry);
  useSettled(account !== null);
  useEffect(() => {
    document.title = `${t("account.title")} · ${t("page.name")}`;
  });
  if (!account) return null;
  return html`<div class="account">
    <${Identity} account=${account} />
    <section class="card" aria-labelledby="account-email">
      <h2 id="account-email">${t("account.email")}</h2>
      <${EmailForm} />
    </section>
    <section class="card" aria-labelledby="account-password">
      <h2 id="account-password">${t("account.password")}</h2>
      <${PasswordForm} account=${account} />
    </section>
    <section class="card" aria-labelledby="account-sessions">
      <h2 id="account-sessions">${t("account.sessions")}</h2>
      <${Sessions} />
    </section>
    <section class="card" aria-labelledby="account-appearance">
      <h2 id="account-appearance">${t("preferences.label")}</h2>
      <div class="account-choices"><${PreferenceChoices} place="account" /></div>
    </section>
  </div>`;
}

function Identity({ account }) {
  const since = html`<time datetime=${account.created_at}>${formatDate(account.created_at)}</time>`;
  return html`<header class="account-head">
    <span class="avatar account-avatar" aria-hidden="true">
      ${[...account.username][0].toUpperCase()}
    </span>
    <div>
      <h1 dir="auto">${account.username}</h1>
      <p class="muted">
        ${account.email ?? t("account.no_email")} · ${t("account.since")} ${since}
        ${account.is_admin && html` · <strong class="account-role">${t("account.admin")}</strong>`}
      </p>
    </div>
  </header>`;
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

function Sessions() {
  const [error, setError] = useState(null);
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const leave = async (end) => {
    setBusy(true);
    setError(null);
    try {
      await end();
      navigate("/");
    } catch (failure) {
      setError(failure);
      setAsking(false);
    } finally {
      setBusy(false);
    }
  };
  return html`<p class="muted">${t("account.sessions_detail")}</p>
    ${error && html`<${ErrorNotice} error=${error} />`}
    <div class="form-actions">
      <button type="button" class="button" disabled=${isBusy} onClick=${() => leave(logout)}>
        ${t("account.logout")}
      </button>
      <button type="button" class="button button-danger" onClick=${() => setAsking(true)}>
        ${t("account.logout_everywhere")}
      </button>
    </div>
    ${isAsking &&
    html`<${ConfirmDialog}
      title=${t("account.logout_everywhere")}
      confirm=${t("account.logout_everywhere")}
      isBusy=${isBusy}
      onConfirm=${() => leave(logoutEverywhere)}
      onClose=${() => setAsking(false)}
    >
      <p>${t("account.logout_everywhere_detail")}</p>
    <//>`}`;
}
