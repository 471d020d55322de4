// A file in the table: what it is, whose it is, how far it is.
import { matching } from "./match.js";
import { troubleOf } from "../sound_file.js";
import { send } from "./send.js";

const part = (name, fields = {}) => Object.assign(document.createElement(name), fields);
const sized = (bytes) => (bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`);
const minutes = (moment) => {
  const local = new Date(moment.getTime() - 60000 * moment.getTimezoneOffset());
  return local.toISOString().slice(0, 16);
};

export class Row {
  constructor(file, told, onChange) {
    Object.assign(this, { file, told, onChange });
    this.patient = this.#choice("patient", told.patients);
    this.exercise = this.#choice("exercise", told.exercises);
    this.recorded = part("input", { type: "datetime-local", value: minutes(new Date(file.lastModified)) });
    this.recorded.setAttribute("aria-label", `${told.words.recorded}: ${file.name}`);
    this.said = part("span", { className: "vb-drop-said" });
    this.bar = part("progress", { className: "vb-bar", max: 100, value: 0, hidden: true });
    this.bar.setAttribute("aria-label", `${told.words.sending}: ${file.name}`);
    this.away = part("button", { type: "button", className: "vb-button", textContent: "✕" });
    this.away.setAttribute("aria-label", `${told.words.remove}: ${file.name}`);
    this.away.addEventListener("click", () => this.onChange(this));
    this.element = part("tr");
    const size = part("small", { textContent: ` ${sized(file.size)}` });
    this.element.append(
      cell(file.name, size), cell(this.patient), cell(this.exercise), cell(this.recorded), cell(this.bar, this.said), cell(this.away),
    );
    this.#wait();
  }

  get isReady() {
    return this.state === "ready" || this.state === "away";
  }

  async send(token) {
    this.#show("sending", this.told.words.sending);
    const fields = { patient: this.patient.value, exercise: this.exercise.value, audio: this.file };
    if (this.recorded.value) fields.recorded_at = new Date(this.recorded.value).toISOString();
    const { status, told } = await send(this.told.address, fields, token, (done) => (this.bar.value = done));
    if (status === 201) this.#done(told);
    else if (told.error) this.#show("refused", told.error);
    else this.#show("away", this.told.words.away);
    this.onChange();
  }

  #choice(name, choices) {
    const select = part("select");
    select.setAttribute("aria-label", `${this.told.words[name]}: ${this.file.name}`);
    select.append(part("option", { value: "", textContent: `– ${this.told.words.choose} –` }));
    for (const { id, label } of choices) select.append(part("option", { value: id, textContent: label }));
    select.value = matching(this.file.name, choices);
    select.addEventListener("change", () => {
      this.#wait();
      this.onChange();
    });
    return select;
  }

  #wait() {
    const { words, most_bytes: most } = this.told;
    const trouble = troubleOf(this.file, most);
    if (trouble) this.#show("refused", words[trouble]);
    else if (this.patient.value && this.exercise.value) this.#show("ready", words.waiting);
    else this.#show("incomplete", words.incomplete);
  }

  #show(state, text) {
    this.state = this.element.dataset.state = state;
    this.said.textContent = text;
    this.bar.hidden = state !== "sending";
    const locked = state === "sending" || state === "done";
    for (const each of [this.patient, this.exercise, this.recorded, this.away]) each.disabled = locked;
  }

  // The analysis has begun: its badge is one of those that live.js moves.
  #done({ address, job }) {
    this.#show("done", "");
    const link = part("a", { className: "vb-link", href: address, textContent: this.told.words.open });
    if (job) this.said.append(badge(job, this.told.live), " ");
    this.said.append(link);
    document.dispatchEvent(new Event("vb:jobs"));
  }
}

const cell = (...parts) => {
  const made = part("td");
  made.append(...parts);
  return made;
};

const badge = (job, live) => {
  const box = part("span", { className: "vb-job" });
  Object.assign(box.dataset, { state: job.state, job: job.id, live });
  box.append(
    part("span", { className: "vb-badge", textContent: job.label }),
    part("progress", { className: "vb-bar", max: 100, value: job.progress }),
    part("span", { className: "vb-step", textContent: job.step }),
  );
  return box;
};
