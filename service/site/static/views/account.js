/* One's own account: who one is, and the parts of what one can do about it. */

import { html, useEffect } from "../lib.js";
import { Data } from "../account/data.js";
import { Restoration } from "../account/deletion.js";
import { Keys } from "../account/keys.js";
import { Profile } from "../account/profile.js";
import { Sessions } from "../account/sessions.js";
import { useRequiredAccount } from "../components/entrance.js";
import { ErrorNotice } from "../components/notice.js";
import { Tabs, readTab } from "../components/tabs.js";
import { formatDate } from "../format.js";
import { t } from "../i18n.js";
import { History } from "../library/history.js";
import { Lists } from "../library/lists.js";
import { Watchlist } from "../library/watchlist.js";
import { useAction } from "../loading.js";
import { navigate, useSettled } from "../router.js";
import { logout } from "../session.js";

const TABS = {
  profile: Profile,
  watchlist: Watchlist,
  history: History,
  lists: Lists,
  sessions: Sessions,
  keys: Keys,
  data: Data,
};

/** Show the account; who is not logged in is asked to log in first. */
export default function AccountView({ entry }) {
  const account = useRequiredAccount(entry);
  const name = readTab(entry.params, Object.keys(TABS));
  useSettled(account !== null);
  useEffect(() => {
    document.title = `${t("account.title")} · ${t("page.name")}`;
  });
  if (!account) return null;
  if (account.erase_at) {
    return html`<div class="account">
      <${Identity} account=${account} /><${Restoration} account=${account} />
    </div>`;
  }
  return html`<div class="account">
    <${Identity} account=${account} />
    <${Tabs}
      label=${t("account.tabs")}
      address="/account"
      names=${Object.keys(TABS)}
      current=${name}
      title=${(tab) => t(`account.tab.${tab}`)}
    />
    <${TABS[name]} key=${name} account=${account} entry=${entry} />
  </div>`;
}

function Identity({ account }) {
  const leave = useAction(async () => {
    await logout();
    navigate("/");
  });
  const since = html`<time datetime=${account.created_at}>${formatDate(account.created_at)}</time>`;
  return html`<header class="account-head">
      <span class="avatar account-avatar" aria-hidden="true">
        ${[...account.username][0].toUpperCase()}
      </span>
      <div class="account-name">
        <h1 dir="auto">${account.username}</h1>
        <p class="muted">
          ${account.email ?? t("account.no_email")} · ${t("account.since")} ${since}
          ${" · "}<a href=${`/user/${encodeURIComponent(account.username)}`}>${t("account.public_profile")}</a>
          ${account.is_admin && html` · <strong class="account-role">${t("account.admin")}</strong>`}
        </p>
      </div>
      <button type="button" class="button" disabled=${leave.isBusy} onClick=${() => leave.run()}>
        ${t("account.logout")}
      </button>
    </header>
    ${leave.error && html`<${ErrorNotice} error=${leave.error} />`}`;
}
