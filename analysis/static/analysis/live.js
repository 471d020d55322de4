// Moves badges, scores and counts without reloading. One or two active jobs are followed by their streams; more, or a
// server that cannot stream, by one request for all of them on the page. What rests is looked at now and then: a job
// may have been begun elsewhere.
(() => {
  "use strict";
  const QUICK = 700; // ms
  const SLOW = 15000;
  const STREAMS = 2; // a browser opens few connections to one host

  const all = (selector) => [...document.querySelectorAll(selector)];
  const streams = new Map();
  let canStream = "EventSource" in window;
  let timer = 0;
  let looking = false;
  let again = false;

  const show = (badge, job) => {
    badge.dataset.state = job.state;
    badge.querySelector(".vb-badge").textContent = job.label;
    const bar = badge.querySelector(".vb-bar");
    bar.value = job.progress;
    bar.hidden = !job.active;
    badge.querySelector(".vb-step").textContent = job.active ? job.step : job.error;
    if (job.active) badge.dataset.job = job.id;
    else delete badge.dataset.job;
  };

  const tell = ({ jobs, counts }, asked) => {
    const byId = new Map(jobs.map((job) => [job.id, job]));
    const ofRecording = new Map(jobs.filter((job) => job.newest).map((job) => [job.recording, job]));
    const ended = [];
    for (const badge of asked) {
      const job = ofRecording.get(badge.dataset.recording) ?? byId.get(badge.dataset.job);
      const wasActive = badge.dataset.job;
      if (job) show(badge, job);
      else delete badge.dataset.job; // not ours any more
      if (wasActive && !badge.dataset.job) ended.push(badge);
    }
    for (const job of ofRecording.values()) {
      if (job.state === "succeeded") for (const cell of all(`[data-score="${job.recording}"]`)) cell.textContent = job.score;
    }
    for (const [name, count] of Object.entries(counts)) {
      for (const place of all(`[data-count="${name}"]`)) place.textContent = count;
    }
    return ended;
  };

  const look = async () => {
    const address = document.querySelector("[data-live]")?.dataset.live;
    if (!address) return false;
    const asked = all("[data-job], [data-recording]");
    const query = new URLSearchParams();
    for (const { dataset } of asked) query.append(dataset.recording ? "recording" : "id", dataset.recording ?? dataset.job);
    const answer = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return answer.status >= 500; // logged out: there is nothing to wait for
    const ended = tell(await answer.json(), asked);
    // The page around a badge says more than the badge: the result's link, the buttons, the reason.
    const around = ended.some((badge) => !badge.closest("#result_list, #vb-drop"));
    if (around && !all("[data-job]").length && document.querySelector(".vb-doors")) location.reload();
    return true;
  };

  // The stream says how far; words come with the next look, in the reader's language.
  const listen = (job, { streams: address, any }) => {
    const source = new EventSource(address.replace(any, job));
    streams.set(job, source);
    let known = "";
    source.addEventListener("state", (event) => {
      const { state, progress, current_step: step } = JSON.parse(event.data);
      for (const each of all(`[data-job="${job}"] .vb-bar`)) each.value = progress;
      if (state !== "queued" && state !== "running") close(job);
      if (known !== `${state} ${step}`) follow();
      known = `${state} ${step}`;
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // it connects again by itself
      close(job);
      canStream = false;
      follow();
    });
  };

  const close = (job) => {
    streams.get(job)?.close();
    streams.delete(job);
  };

  const choose = () => {
    const active = new Set(all("[data-job]").map((badge) => badge.dataset.job));
    const door = document.querySelector("[data-streams]"); // an administrator has none: they read no results
    const few = canStream && door && active.size <= STREAMS;
    for (const job of streams.keys()) if (!few || !active.has(job)) close(job);
    if (few) for (const job of active) if (!streams.has(job)) listen(job, door.dataset);
    return active.size > streams.size ? QUICK : SLOW;
  };

  const follow = async () => {
    again = looking;
    if (looking) return;
    looking = true;
    clearTimeout(timer);
    let goesOn = true;
    try {
      goesOn = await look();
    } catch {
      // The site is away for a moment; the next look may find it.
    }
    looking = false;
    if (again) return follow();
    const pause = choose();
    if (goesOn && !document.hidden) timer = setTimeout(follow, pause);
  };

  document.addEventListener("DOMContentLoaded", () => {
    if (document.querySelector("[data-live]")) timer = setTimeout(follow, choose());
  });
  document.addEventListener("vb:jobs", follow);
  document.addEventListener("visibilitychange", () => document.hidden || follow());
})();
