// Hearing example and recording against each other: whole, or one syllable of both.
import { Track } from "./track.js";

const SLOW = 0.5;
const PAUSE = 250; // ms between the two of a pair

export class Listening {
  #playing = 0; // rises with each order to play, so that an older one knows that it is over

  constructor(found) {
    this.syllables = found.syllables;
    this.words = found.words;
    this.tracks = {};
    for (const box of document.querySelectorAll("[data-track]")) {
      const track = new Track(box.querySelector("audio"));
      track.onTime = (seconds) => this.#follow(box.dataset.track, seconds);
      this.tracks[box.dataset.track] = track;
    }
    this.selected = null;
    this.last = "recording";
    this.watchers = [];
    this.slow = false;
  }

  // Calls back with { selected, now } when either changes: what is chosen, and what is being said.
  watch(call) {
    this.watchers.push(call);
  }

  buttons() {
    for (const button of document.querySelectorAll("[data-play]")) {
      button.addEventListener("click", () => this.play(button.dataset.play));
    }
    for (const button of document.querySelectorAll("[data-say]")) {
      button.addEventListener("click", () => this.say(Number(button.dataset.say)));
    }
    document.getElementById("vb-slow").addEventListener("click", () => this.halve());
  }

  // "example", "recording", "turns" (until stopped), "both" (once each), or "stop", which starts the last one again.
  async play(what) {
    const wasPlaying = document.querySelector(".vb-listen").dataset.playing;
    this.stop();
    if (what === "stop" && !wasPlaying) what = this.last;
    else if (what === "stop" || (what === wasPlaying && what !== "both")) return;
    if (what !== "both") this.last = what;
    const mine = this.#playing;
    const names = this.#order(what);
    this.#show(what);
    try {
      do {
        for (const name of names) {
          await this.#one(name, mine);
          if (mine !== this.#playing) return;
          if (names.length > 1) await new Promise((done) => setTimeout(done, PAUSE));
          if (mine !== this.#playing) return;
        }
      } while (what === "turns");
    } catch (error) {
      this.#trouble(error);
    }
    if (mine === this.#playing) this.stop();
  }

  stop() {
    this.#playing += 1;
    for (const track of Object.values(this.tracks)) track.stop();
    this.#show("");
    this.#tell(null);
  }

  // Chooses a syllable and plays it in both.
  say(index) {
    this.select(index);
    return this.play("both");
  }

  step(by) {
    const count = this.syllables.length;
    if (!count) return;
    const from = this.selected ?? (by > 0 ? -1 : count);
    this.say((from + by + count) % count);
  }

  select(index) {
    this.selected = index;
    for (const cell of document.querySelectorAll("[data-syllable]")) {
      cell.toggleAttribute("data-selected", Number(cell.dataset.syllable) === index);
    }
    const label = document.getElementById("vb-selected");
    label.textContent = index === null ? label.dataset.whole : this.syllables[index].text;
    this.#tell(null);
  }

  halve() {
    this.slow = !this.slow;
    document.getElementById("vb-slow").setAttribute("aria-pressed", String(this.slow));
    for (const track of Object.values(this.tracks)) track.rate = this.slow ? SLOW : 1;
  }

  #order(what) {
    const both = ["example", "recording"].filter((name) => name in this.tracks);
    return both.includes(what) ? [what] : both;
  }

  async #one(name, mine) {
    const track = this.tracks[name];
    track.rate = this.slow ? SLOW : 1;
    document.querySelector(".vb-listen").dataset.track = name;
    const each = this.selected === null ? null : this.syllables[this.selected];
    const [start, end] = each ? this.span(name, each) : [0, Infinity];
    if (start === null || end === null) return;
    await track.play(start, end, () => mine === this.#playing);
  }

  span(name, each) {
    return name === "example" ? [each.example_start, each.example_end] : [each.start, each.end];
  }

  #follow(name, seconds) {
    const now = this.syllables.findIndex((each) => {
      const [start, end] = this.span(name, each);
      return start !== null && start <= seconds && seconds < end;
    });
    // Its last moment is the next one's first.
    const whole = this.selected === null || !document.querySelector(".vb-listen").dataset.playing;
    this.#tell(whole ? (now < 0 ? null : now) : this.selected, name, seconds);
  }

  #tell(now, name = "", seconds = 0) {
    for (const cell of document.querySelectorAll("[data-syllable]")) {
      cell.toggleAttribute("data-now", now !== null && Number(cell.dataset.syllable) === now);
    }
    for (const call of this.watchers) call({ selected: this.selected, now, name, seconds });
  }

  #show(what) {
    const box = document.querySelector(".vb-listen");
    box.dataset.playing = what;
    if (!what) delete box.dataset.track;
    for (const button of document.querySelectorAll("[data-play]")) {
      if (button.dataset.play !== "stop") button.setAttribute("aria-pressed", String(button.dataset.play === what));
    }
  }

  #trouble(error) {
    if (error.name === "AbortError") return; // stopped before it began
    const box = document.getElementById("vb-trouble");
    box.textContent = this.words.unplayable;
    box.hidden = false;
  }
}
