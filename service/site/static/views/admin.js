/* The operator's view: the state of the service, its films, its people, and who changed what. */

import { html, useEffect } from "../lib.js";
import { AuditTab } from "../admin/audit.js";
import { MailsTab } from "../admin/mails.js";
import { ReportsTab } from "../admin/reports.js";
import { StateTab } from "../admin/state.js";
import { FilmsTab } from "../admin/films.js";
import { TwinsTab } from "../admin/twins.js";
import { UsersTab } from "../admin/users.js";
import "../components/rows.js";
import { useRequiredAccount } from "../components/entrance.js";
import { ViewState } from "../components/notice.js";
import { Tabs, readTab } from "../components/tabs.js";
import { t } from "../i18n.js";
import { useSettled } from "../router.js";

const TABS = {
  state: StateTab,
  films: FilmsTab,
  twins: TwinsTab,
  users: UsersTab,
  reports: ReportsTab,
  mails: MailsTab,
  audit: AuditTab,
};

/** Show the tab of the address to admins. */
export default function AdminView({ entry }) {
  const account = useRequiredAccount(entry);
  const name = readTab(entry.params, Object.keys(TABS));
  useEffect(() => {
    document.title = `${t("admin.title")} · ${t("page.name")}`;
  });
  if (!account) return null;
  if (!account.is_admin) return html`<${NotAllowed} />`;
  return html`<div class="admin">
    <div class="admin-head">
      <h1>${t("admin.title")}</h1>
      <${Tabs}
        label=${t("admin.tabs")}
        address="/admin"
        names=${Object.keys(TABS)}
        current=${name}
        title=${(tab) => t(`admin.tab.${tab}`)}
      />
    </div>
    <${TABS[name]} key=${name} entry=${entry} />
  </div>`;
}

function NotAllowed() {
  useSettled(true);
  return html`<${ViewState} icon="warning" title=${t("admin.not_allowed")} level=${1}>
    <p class="muted">${t("admin.not_allowed_detail")}</p>
    <a class="button button-primary" href="/">${t("page.home")}</a>
  <//>`;
}
