// Several recordings: dropped or chosen, looked over in a table, sent one by one.
import { Row } from "./row.js";
import { several } from "./send.js";

const byId = (id) => document.getElementById(id);
const told = JSON.parse(byId("vb-drop-told").textContent);
const form = byId("vb-drop");
const box = byId("vb-drop-box");
const files = byId("vb-drop-files");
const table = byId("vb-drop-table");
const button = byId("vb-drop-send");
let rows = [];

const add = (chosen) => {
  for (const file of chosen) {
    const row = new Row(file, told, changed);
    rows.push(row);
    table.tBodies[0].append(row.element);
  }
  changed();
};

// With a row: it is to go.
const changed = (gone = null) => {
  if (gone) {
    rows = rows.filter((row) => row !== gone);
    gone.element.remove();
    files.focus();
  }
  const done = rows.filter((row) => row.state === "done").length;
  table.hidden = byId("vb-drop-doors").hidden = !rows.length;
  button.disabled = !rows.some((row) => row.isReady) || rows.some((row) => row.state === "sending");
  const values = { done, all: rows.length };
  byId("vb-drop-said").textContent = done ? told.words.done.replace(/%\((\w+)\)s/g, (_all, name) => values[name]) : "";
};

const sendAll = (event) => {
  event.preventDefault();
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const ready = rows.filter((row) => row.isReady);
  button.disabled = true;
  return several(ready.map((row) => () => row.send(token)), told.at_once);
};

const drag = (event, over) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  box.toggleAttribute("data-over", over);
};

files.addEventListener("change", () => {
  add(files.files);
  files.value = ""; // the same file may be chosen again
});
form.addEventListener("submit", sendAll);
for (const name of ["dragenter", "dragover"]) form.addEventListener(name, (event) => drag(event, true));
form.addEventListener("dragleave", (event) => drag(event, false));
form.addEventListener("drop", (event) => {
  drag(event, false);
  add(event.dataTransfer.files);
});
window.addEventListener("beforeunload", (event) => {
  if (rows.some((row) => row.state === "sending")) event.preventDefault();
});
