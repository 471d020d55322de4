// The chart note to the clipboard, by one click.
export const copyNote = (words) => {
  const text = document.getElementById("vb-chart-note");
  const said = document.getElementById("vb-copied");
  document.getElementById("vb-copy")?.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      said.textContent = words.copied;
    } catch {
      // No clipboard without HTTPS, or not allowed: the text is shown and chosen, for the person to copy.
      text.closest("details").open = true;
      text.focus();
      text.select();
      said.textContent = words.not_copied;
    }
  });
};
