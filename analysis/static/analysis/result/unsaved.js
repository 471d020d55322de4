// Verdicts and notes are not lost by a link: the browser asks before the page is left.
export const unsaved = (words) => {
  const form = document.getElementById("vb-review");
  const sign = document.getElementById("vb-unsaved");
  if (!form) return;
  let changed = false;
  const change = (event) => {
    if (event.target.form !== form) return;
    changed = true;
    sign.textContent = words.unsaved;
    sign.hidden = false;
  };
  document.addEventListener("input", change);
  form.addEventListener("submit", () => {
    changed = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
};
