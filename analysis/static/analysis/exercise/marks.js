// The syllables' marks on the example: seen, heard, moved, kept. Loaded when unfolded: the sound is fetched then.
import { colour } from "../result/chart.js";
import { Track } from "../result/track.js";
import { decoded } from "../result/waveforms.js";
import { edge, shift, spread } from "./places.js";

const WAVESURFER = "../../vendor/wavesurfer-8.0.1";
const STEP = 0.01; // s
const PIXELS = 90; // of a second, at least: on a phone the waveform scrolls

const byId = (id) => document.getElementById(id);
const told = JSON.parse(byId("vb-marks-told").textContent);
const say = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);

class Marks {
  #playing = 0; // rises with each order to play

  constructor(found, sound, track) {
    this.found = found;
    this.sound = sound;
    this.track = track;
    const known = found.saved.length ? found.saved : found.found;
    this.marks = known.length ? known : spread(found.syllables.length, found.seconds);
    this.regions = [];
    this.cells = this.#strip();
    this.#state();
  }

  async draw(box) {
    const [{ default: WaveSurfer }, { default: Regions }] = await Promise.all([
      import(`${WAVESURFER}/wavesurfer.esm.js`),
      import(`${WAVESURFER}/regions.esm.js`),
    ]);
    const plugin = Regions.create();
    const wave = WaveSurfer.create({
      container: box, media: this.track.audio, peaks: [this.sound.getChannelData(0)], duration: this.sound.duration,
      height: 128, interact: false, minPxPerSec: PIXELS, autoScroll: false, hideScrollbar: false,
      cspNonce: document.querySelector("style[nonce], script[nonce]")?.nonce,
      waveColor: colour("example"), progressColor: colour("example"), cursorColor: colour("ink"), plugins: [plugin],
    });
    wave.once("ready", () => this.#regions(plugin));
  }

  #regions(plugin) {
    const free = told.may_change;
    this.regions = this.found.syllables.map((each, index) => {
      const [start, end] = this.marks[index];
      return plugin.addRegion({
        start, end, drag: free, resize: free, content: label(each), color: index % 2 ? colour("odd") : colour("even"),
      });
    });
    plugin.on("region-update", (region, side) => this.#dragged(this.regions.indexOf(region), side));
    plugin.on("region-clicked", (region) => this.hear(this.regions.indexOf(region)));
  }

  #dragged(index, side) {
    const { start, end } = this.regions[index];
    const along = byId("vb-joined").checked;
    const total = this.found.seconds;
    const next = side
      ? edge(this.marks, index, side, side === "start" ? start : end, along, total)
      : shift(this.marks, index, start - this.marks[index][0], along, total);
    this.#change(next, index);
  }

  #change(marks, index = null) {
    this.marks = marks;
    this.regions.forEach((region, at) => region.setOptions({ start: marks[at][0], end: marks[at][1] }));
    marks.forEach((_mark, at) => this.#label(at));
    if (index !== null) this.#place(index);
    byId("vb-keep").disabled = false;
    this.changed = true;
    this.#state();
  }

  async hear(index) {
    const mine = ++this.#playing;
    this.track.stop();
    this.#place(index);
    this.cells.forEach((cell, at) => cell.toggleAttribute("data-now", at === index));
    try {
      await this.track.play(...this.marks[index], () => mine === this.#playing);
    } catch (error) {
      if (error.name !== "AbortError") trouble(told.words.unplayable); // stopped before it began
    }
    if (mine === this.#playing) this.cells[index].removeAttribute("data-now");
  }

  #strip() {
    const list = byId("vb-syllables");
    const cells = this.found.syllables.map((each, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.mark = index;
      button.append(part("b", each.text), part("span", each.zhuyin), part("small", ""));
      button.addEventListener("click", () => this.hear(index));
      button.addEventListener("focus", () => this.#place(index));
      button.addEventListener("keydown", (event) => this.#key(event, index));
      const item = document.createElement("li");
      item.append(button);
      list.append(item);
      return button;
    });
    this.cells = cells;
    cells.forEach((_cell, index) => this.#label(index));
    return cells;
  }

  #key(event, index) {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!by || !told.may_change || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const side = event.shiftKey ? "end" : "start";
    const to = this.marks[index][event.shiftKey ? 1 : 0] + by;
    this.#change(edge(this.marks, index, side, to, byId("vb-joined").checked, this.found.seconds), index);
  }

  #label(index) {
    const [start, end] = this.marks[index].map((each) => each.toFixed(2));
    this.cells[index].querySelector("small").textContent = `${start}–${end}`;
    this.cells[index].setAttribute("aria-label", this.#words(index));
  }

  #words(index) {
    const [start, end] = this.marks[index].map((each) => each.toFixed(2));
    const { text, zhuyin } = this.found.syllables[index];
    return say(told.words.place, { text: `${text} ${zhuyin}`.trim(), start, end });
  }

  #place(index) {
    byId("vb-place").textContent = this.#words(index);
  }

  #state() {
    const { unsaved, by_person: byPerson, found, none } = told.words;
    const none_found = !this.found.found.length;
    const stands = this.found.saved.length ? byPerson : none_found ? none : found;
    byId("vb-state").textContent = this.changed ? unsaved : stands;
    byId("vb-state").dataset.state = this.changed ? "changed" : this.found.saved.length ? "set" : "found";
  }

  reset() {
    const { found, syllables, seconds } = this.found;
    this.#change(found.length ? found : spread(syllables.length, seconds));
    byId("vb-kept").textContent = "";
  }

  async keep() {
    const body = JSON.stringify({ version: this.found.version, marks: this.marks });
    const button = byId("vb-keep");
    button.disabled = true;
    trouble("");
    try {
      const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
      const answer = await fetch(told.address, { method: "POST", body, headers: { "X-CSRFToken": token } });
      const { saved, error } = await answer.json();
      if (!answer.ok) throw new Refused(error);
      this.found.saved = saved;
      this.changed = false;
      byId("vb-kept").textContent = told.words.saved;
    } catch (error) {
      trouble(error instanceof Refused ? error.message : told.words.away);
      button.disabled = false;
    }
    this.#state();
  }
}

class Refused extends Error {}

const part = (name, text) => Object.assign(document.createElement(name), { textContent: text });

// The region is in a tree of its own, which no style sheet of the page reaches.
const label = ({ text, zhuyin }) => {
  const span = part("span", text);
  Object.assign(span.style, { display: "inline-block", padding: "2px 5px", font: "600 15px sans-serif", lineHeight: 1.2, color: colour("strong") });
  const small = part("span", zhuyin);
  Object.assign(small.style, { display: "block", font: "400 11px sans-serif" });
  span.append(small);
  return span;
};

const trouble = (text) => {
  byId("vb-marks-trouble").textContent = text;
  byId("vb-marks-trouble").hidden = !text;
};

const open = async () => {
  try {
    const answer = await fetch(told.address, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (!answer.ok) return trouble(found.error);
    const audio = byId("vb-example");
    const sound = await decoded(audio.src).catch(() => null);
    if (!sound) return trouble(told.words.unplayable); // a format that this browser does not decode
    const marks = new Marks(found, sound, new Track(audio));
    await marks.draw(byId("vb-wave"));
    if (told.may_change) buttons(marks);
  } catch {
    trouble(told.words.away);
  }
};

const buttons = (marks) => {
  byId("vb-keep").disabled = false; // also what was found may be kept, once somebody has looked at it
  byId("vb-reset").disabled = false;
  byId("vb-keep").addEventListener("click", () => marks.keep());
  byId("vb-reset").addEventListener("click", () => marks.reset());
  window.addEventListener("beforeunload", (event) => {
    if (marks.changed) event.preventDefault();
  });
};

const fold = byId("vb-marks");
fold.addEventListener("toggle", () => fold.open && open(), { once: true });
const unfold = () => location.hash === "#vb-marks" && (fold.open = true);
window.addEventListener("hashchange", unfold);
unfold();
