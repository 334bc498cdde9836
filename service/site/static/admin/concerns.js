/* What an operator should look at, told from the numbers of the API. */

import { formatRelative } from "../format.js";
import { hasMessage, t } from "../i18n.js";

const OWN_CONCERN = ["index"]; // its state is that of the drift
const RECENT_MS = 86_400_000; // a rebuild that failed before is history

/** Return what needs attention, the worst first: `{key, kind, title, detail, action}`. */
export function listConcerns({ health, overview, quota, drift, job }) {
  return [
    ...partConcerns(health),
    ...driftConcerns(drift, job),
    ...outboxConcerns(overview),
    ...jobConcerns(job),
    ...quotaConcerns(quota),
  ];
}

function partConcerns(health) {
  const failed = Object.entries(health?.parts ?? {}).filter(
    ([name, part]) => part.state !== "ok" && !OWN_CONCERN.includes(name),
  );
  return failed.map(([name, part]) => ({
    key: `part-${name}`,
    kind: name === "database" ? "danger" : "warning",
    title: t("admin.concern.part", { part: partName(name) }),
    detail: part.detail,
    action: "#parts",
  }));
}

function driftConcerns(drift, job) {
  const isRebuilt = job && !job.finished_at;
  if (!drift || isRebuilt) return [];
  if (drift.outdated) {
    return [
      {
        key: "outdated",
        kind: "warning",
        title: t("admin.concern.outdated"),
        detail: t("admin.concern.outdated_detail"),
        action: "rebuild",
      },
    ];
  }
  if (!drift.drift) return [];
  return [
    {
      key: "drift",
      kind: "warning",
      title: t("admin.concern.drift", { n: drift.drift }),
      detail: t("admin.concern.drift_detail", drift),
      action: drift.check ? null : "repair",
    },
  ];
}

function outboxConcerns(overview) {
  if (!overview?.outbox.quarantined) return [];
  return [
    {
      key: "quarantine",
      kind: "warning",
      title: t("admin.concern.quarantine", { n: overview.outbox.quarantined }),
      detail: t("admin.quarantine_detail"),
      action: "#quarantine",
    },
  ];
}

function jobConcerns(job) {
  if (job?.state !== "failed" || Date.now() - new Date(job.finished_at) > RECENT_MS) return [];
  return [
    {
      key: "job",
      kind: "warning",
      title: t("admin.concern.job", { when: formatRelative(job.finished_at) }),
      detail: job.reason,
      action: "rebuild",
    },
  ];
}

function quotaConcerns(quota) {
  if (!quota?.lookups || quota.left > 0) return [];
  return [
    {
      key: "quota",
      kind: "warning",
      title: t("admin.concern.quota"),
      detail: t("admin.concern.quota_detail"),
      action: null,
    },
  ];
}

function partName(name) {
  const key = `admin.part.${name}`;
  return hasMessage(key) ? t(key) : name;
}
