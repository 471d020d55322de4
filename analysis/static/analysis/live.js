// Moves the badges of active jobs without reloading: one request a second for all of them on the page.
(() => {
  "use strict";
  const PAUSE = 700;

  const badges = () => [...document.querySelectorAll("[data-job]")];

  const show = (badge, job) => {
    badge.dataset.state = job.state;
    badge.querySelector(".vb-badge").textContent = job.label;
    badge.querySelector(".vb-bar").value = job.progress;
    badge.querySelector(".vb-step").textContent = job.active ? job.step : job.error;
    if (!job.active) {
      badge.querySelector(".vb-bar").hidden = true;
      delete badge.dataset.job;
    }
  };

  const look = async (address) => {
    const active = badges();
    if (!active.length) return false;
    const query = active.map((badge) => `id=${encodeURIComponent(badge.dataset.job)}`).join("&");
    const answer = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return answer.status >= 500; // logged out or not ours: there is nothing to wait for
    const { jobs } = await answer.json();
    const byId = new Map(jobs.map((job) => [job.id, job]));
    for (const badge of active) {
      const job = byId.get(badge.dataset.job);
      if (job) show(badge, job);
      else delete badge.dataset.job;
    }
    // The page around a badge says more than the badge: the result's link, the buttons, the reason.
    if (!badges().length && document.querySelector(".vb-doors")) location.reload();
    return badges().length > 0;
  };

  const follow = async (address) => {
    try {
      if (!(await look(address))) return;
    } catch {
      // The site is away for a moment; the next look may find it.
    }
    setTimeout(() => follow(address), PAUSE);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const [first] = badges();
    if (first) follow(first.dataset.live);
  });
})();
