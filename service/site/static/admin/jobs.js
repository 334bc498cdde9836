/* The newest rebuilds and rollbacks: told by the socket as they go on, and read again and again where
   there is none. */

import { useEffect, useRef, useState } from "../lib.js";
import { get } from "../client.js";
import { openLiveSocket } from "../live-socket.js";
import { usePolled } from "../loading.js";

const SHOWN_JOBS = 5;
const ACTIVE_MS = 1000; // while something goes on that an operator waits for
const SOON_MS = 5000;

/** Return the page of jobs as `usePolled` does. */
export function useJobs() {
  const isLive = useRef(false);
  const [news, setNews] = useState({ base: null, jobs: [] }); // since the page was read
  const { data, error, reload } = usePolled(
    (signal) => get("/admin/jobs", { params: { limit: SHOWN_JOBS }, signal }),
    (page) => (isLive.current ? Infinity : pollInterval(page)),
  );
  const latest = useRef(null);
  latest.current = data;
  useEffect(() => {
    const follow = (isOn) => {
      isLive.current = isOn;
      reload();
    };
    const socket = openLiveSocket({
      onOpen: () => (socket.settle(), follow(true)),
      onEvent: ({ event, job }) => {
        if (event !== "job_progress") return;
        setNews(({ base, jobs }) => ({
          base: latest.current,
          jobs: [job, ...keepValid(jobs, base === latest.current).filter(({ id }) => id !== job.id)],
        }));
      },
      onLost: () => follow(false),
    });
    return () => socket.close();
  }, []);
  return { data: data && addNews(data, keepValid(news.jobs, news.base === data)), error, reload };
}

const pollInterval = (page) =>
  page?.results.some((job) => !job.finished_at) ? ACTIVE_MS : SOON_MS;

/* A page that is read later knows better, but for what is over: it may have been read before that. */
const keepValid = (jobs, isRecent) => jobs.filter((job) => isRecent || job.finished_at);

function addNews(page, jobs) {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const listed = page.results.map((job) => byId.get(job.id) ?? job);
  const added = jobs.filter(({ id }) => !page.results.some((job) => job.id === id));
  const results = [...added, ...listed]
    .sort((one, other) => new Date(other.created_at) - new Date(one.created_at))
    .slice(0, SHOWN_JOBS);
  return { ...page, results, total: { ...page.total, value: page.total.value + added.length } };
}
