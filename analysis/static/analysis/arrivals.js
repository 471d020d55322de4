// Says that there is more in a list than it shows. The reader decides when to see it: nothing moves by itself.
(() => {
  "use strict";
  const EVERY = 15000; // ms
  let timer = 0;

  const look = async (bar) => {
    const { arrivals: address, query, known } = bar.dataset;
    const asked = new URLSearchParams(query ?? location.search);
    asked.set("known", known);
    const answer = await fetch(`${address}?${asked}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return answer.status >= 500; // logged out, or no list: nothing to wait for
    const { count, said } = await answer.json();
    const link = bar.querySelector("a");
    link.querySelector("span").textContent = said;
    link.hidden = !count;
    return true;
  };

  const follow = async () => {
    clearTimeout(timer);
    const bar = document.querySelector("[data-arrivals]");
    if (!bar) return;
    let goesOn = true;
    try {
      goesOn = await look(bar);
    } catch {
      // The site is away for a moment.
    }
    if (goesOn && !document.hidden) timer = setTimeout(follow, EVERY);
  };

  document.addEventListener("DOMContentLoaded", () => {
    timer = setTimeout(follow, EVERY);
    document.querySelector("[data-arrivals] a")?.addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
  });
  document.addEventListener("visibilitychange", () => document.hidden || follow());
})();
