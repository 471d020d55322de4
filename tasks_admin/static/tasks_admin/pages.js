// The pieces of a page that come again by themselves. Where nobody looks nothing is asked, and what the keyboard is in
// stays as it is; what was open stays open; and whose session has ended is led to the login.
(() => {
  "use strict";
  const opened = new Set();

  addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    const busy = document.hidden || elt.contains(document.activeElement);
    if (busy && elt.dataset.polls === "again") event.preventDefault();
  });

  addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target, pathInfo } = event.detail;
    if (xhr.responseURL && new URL(xhr.responseURL).pathname !== new URL(pathInfo.requestPath, location).pathname) {
      event.detail.shouldSwap = false;
      location.reload();
      return;
    }
    opened.clear();
    for (const each of target.querySelectorAll("details[open][id]")) opened.add(each.id);
  });

  addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    if (target.dataset.polls) target.dataset.polls = "again";
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  });
})();
