/* The state of the service: what needs attention, the numbers, the parts. */

import { html } from "../lib.js";
import { ErrorNotice, Notice } from "../components/notice.js";
import { Skeleton, useDelayed } from "../components/skeleton.js";
import { get, post } from "../client.js";
import { RelativeTime, formatNumber, formatRelative } from "../format.js";
import { hasMessage, t } from "../i18n.js";
import { useSettled } from "../router.js";
import { listConcerns } from "./concerns.js";
import { useAction, usePolled } from "../loading.js";
import { useJobs } from "./jobs.js";
import { QuarantineCard } from "./quarantine.js";
import { JobsCard, RebuildCard } from "./rebuild.js";

const ACTIVE_MS = 1000; // while something goes on that an operator waits for
const SOON_MS = 5000;
const LATER_MS = 15_000;

const every = (pause) => () => pause;

/** Show everything at one look; each number is one of the API. */
export function StateTab() {
  const health = usePolled((signal) => get("/admin/health", { signal }), every(SOON_MS));
  const overview = usePolled((signal) => get("/admin/overview", { signal }), every(SOON_MS));
  const quota = usePolled((signal) => get("/admin/quota", { signal }), every(LATER_MS));
  const drift = usePolled(
    (signal) => get("/admin/drift", { signal }),
    (data) => (data?.check ? ACTIVE_MS : LATER_MS),
  );
  const jobs = useJobs();
  const parts = [health, overview, quota, drift, jobs];
  const isLoaded = parts.every(({ data, error }) => data || error);
  const isLate = useDelayed(!isLoaded);
  useSettled(isLoaded);
  if (!isLoaded) return isLate && html`<${StateSkeleton} />`;
  const failure = parts.find(({ error }) => error);
  const reloadAll = () => parts.forEach(({ reload }) => reload());
  return html`<div class="admin-grid">
    ${failure && html`<${ErrorNotice} error=${failure.error} onRetry=${reloadAll} />`}
    <${Concerns}
      health=${health.data}
      overview=${overview.data}
      quota=${quota.data}
      drift=${drift}
      jobs=${jobs}
    />
    <div class="tiles">
      ${overview.data && html`<${FilmsTile} overview=${overview.data} />`}
      ${drift.data && html`<${DriftTile} drift=${drift} />`}
      ${quota.data && html`<${QuotaTile} quota=${quota.data} />`}
    </div>
    ${jobs.data && html`<${RebuildCard} jobs=${jobs} />`}
    ${health.data && html`<${PartsCard} health=${health.data} overview=${overview.data} />`}
    <${QuarantineCard} count=${overview.data?.outbox.quarantined} onChange=${overview.reload} />
    ${jobs.data && html`<${JobsCard} jobs=${jobs.data} />`}
  </div>`;
}

function StateSkeleton() {
  return html`<div class="admin-grid" aria-hidden="true">
    <div class="tiles">
      ${[1, 2, 3].map((n) => html`<${Skeleton} key=${n} height="120px" radius="12px" />`)}
    </div>
    <${Skeleton} height="110px" radius="12px" />
    <${Skeleton} height="160px" radius="12px" />
  </div>`;
}

/* What needs attention, the worst first; or that nothing does. */
function Concerns({ health, overview, quota, drift, jobs }) {
  const repair = useAction(async () => {
    await post("/admin/drift", { body: { repair: true } });
    drift.reload();
  });
  const rebuild = useAction(async () => {
    await post("/admin/reindex");
    jobs.reload();
  });
  const actions = { repair, rebuild };
  const concerns = listConcerns({
    health,
    overview,
    quota,
    drift: drift.data,
    job: jobs.data?.results[0],
  });
  const error = repair.error ?? rebuild.error;
  return html`<section class="concerns" aria-label=${t("admin.attention")}>
    ${error && html`<${ErrorNotice} error=${error} />`}
    ${concerns.map(
      ({ key, kind, title, detail, action }) => html`<${Notice}
        key=${key}
        kind=${kind}
        title=${title}
        action=${action && html`<${ConcernAction} name=${action} actions=${actions} />`}
      >
        ${detail}
      <//>`,
    )}
    ${!concerns.length && health && html`<${Notice} kind="good" title=${t("admin.all_well")} />`}
  </section>`;
}

function ConcernAction({ name, actions }) {
  if (name.startsWith("#")) {
    return html`<a class="button" href=${name}>${t("admin.look")}</a>`;
  }
  const { run, isBusy } = actions[name];
  return html`<button type="button" class="button" disabled=${isBusy} onClick=${() => run()}>
    ${t(`admin.${name}`)}
  </button>`;
}

function Tile({ label, value, children, action }) {
  return html`<section class="card tile">
    <h2>${label}</h2>
    <p class="tile-value">${value}</p>
    <div class="tile-foot">
      <p class="muted">${children}</p>
      ${action}
    </div>
  </section>`;
}

function FilmsTile({ overview: { films, outbox } }) {
  return html`<${Tile} label=${t("admin.films")} value=${formatNumber(films)}>
    ${outbox.waiting ? t("admin.waiting", { n: outbox.waiting }) : t("admin.none_waiting")}
  <//>`;
}

function DriftTile({ drift: { data, reload } }) {
  const check = useAction(async () => {
    await post("/admin/drift");
    reload();
  });
  const button = html`<button
    type="button"
    class="link-button"
    disabled=${check.isBusy || Boolean(data.check)}
    onClick=${() => check.run()}
  >
    ${t(data.check ? `admin.check.${data.check}` : "admin.check")}
  </button>`;
  const value = data.drift === null ? "–" : t("admin.count_films", { n: data.drift });
  return html`<${Tile} label=${t("admin.drift")} value=${value} action=${button}>
    ${check.error
      ? html`<span class="field-error">${check.error.detail ?? t("error.offline")}</span>`
      : data.checked_at
        ? html`${t("admin.compared")} <${RelativeTime} value=${data.checked_at} />`
        : t("admin.never_compared")}
  <//>`;
}

function QuotaTile({ quota }) {
  if (!quota.lookups) {
    return html`<${Tile} label=${t("admin.quota")} value=${t("admin.quota_off")}>
      ${t("admin.quota_off_detail")}
    <//>`;
  }
  const reset = quota.stopped_until ?? quota.resets_at;
  return html`<${Tile} label=${t("admin.quota")} value=${formatNumber(quota.left)}>
    ${t("admin.quota_of", { limit: formatNumber(quota.limit) })}
    ${reset && `; ${t("admin.quota_resets", { when: formatRelative(reset) })}`}
  <//>`;
}

function PartsCard({ health, overview }) {
  const names = Object.keys(health.parts);
  return html`<section class="card" id="parts" aria-labelledby="parts-title">
    <h2 id="parts-title">${t("admin.parts")}</h2>
    <ul class="parts">
      ${names.map((name) => html`<${Part} key=${name} name=${name} part=${health.parts[name]} />`)}
    </ul>
    ${overview?.indexers.length > 0 &&
    html`<h3 class="parts-heading">${t("admin.indexers")}</h3>
      <ul class="parts">
        ${overview.indexers.map((indexer) => html`<${Indexer} key=${indexer.name} ...${indexer} />`)}
      </ul>`}
  </section>`;
}

function Part({ name, part }) {
  const label = `admin.part.${name}`;
  return html`<li class="part">
    <${State} isOk=${part.state === "ok"} />
    <div>
      <span class="part-name">${hasMessage(label) ? t(label) : name}</span>
      <span class="part-detail">
        <span lang="en">${part.detail}</span>${part.took_ms !== null && ` · ${formatMilliseconds(part.took_ms)}`}
      </span>
    </div>
  </li>`;
}

function Indexer({ name, is_running, heartbeat_age_seconds }) {
  return html`<li class="part">
    <${State} isOk=${is_running} />
    <div>
      <span class="part-name">${name}</span>
      <span class="part-detail">
        ${t("admin.heartbeat", { when: formatRelative(Date.now() - heartbeat_age_seconds * 1000) })}
      </span>
    </div>
  </li>`;
}

/* A dot for the eye, a word for everybody else. */
function State({ isOk }) {
  return html`<span class=${`dot ${isOk ? "dot-good" : "dot-bad"}`} aria-hidden="true"></span>
    <span class="hidden-text">${t(isOk ? "admin.works" : "admin.fails")}</span>`;
}

const formatMilliseconds = (value) =>
  formatNumber(value, {
    maximumFractionDigits: value < 10 ? 1 : 0,
    style: "unit",
    unit: "millisecond",
  }).replace(" ", "\u00a0");
