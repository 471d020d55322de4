// One audio element, of which a stretch is played. Nothing is loaded before it is asked for: playing is logged.
const LOOK = 10; // ms; `timeupdate` comes four times a second, too seldom for a syllable

export class Track {
  #timer = 0;
  #ended = null;

  constructor(audio) {
    this.audio = audio;
    this.onTime = () => {};
    audio.preservesPitch = true;
    audio.addEventListener("timeupdate", () => audio.paused || this.onTime(audio.currentTime));
    // By the browser's own controls. The event of an earlier pause may come when the next stretch has begun.
    audio.addEventListener("pause", () => audio.paused && this.#finish());
    audio.addEventListener("ended", () => this.#finish());
  }

  set rate(value) {
    this.audio.defaultPlaybackRate = value; // loading sets the rate back to this one
    this.audio.playbackRate = value;
  }

  // Plays from start to end, seconds; resolves at the end, or once stopped. `wanted` is asked after each wait.
  async play(start, end, wanted) {
    await this.#ready();
    if (!wanted()) return;
    await this.#seek(start);
    if (!wanted()) return;
    const over = new Promise((done) => {
      this.#ended = done;
    });
    await this.audio.play();
    this.#timer = setInterval(() => {
      this.onTime(this.audio.currentTime);
      if (this.audio.currentTime >= end) this.stop();
    }, LOOK);
    await over;
  }

  stop() {
    this.audio.pause();
    this.#finish();
  }

  #finish() {
    clearInterval(this.#timer);
    this.#ended?.();
    this.#ended = null;
  }

  #ready() {
    if (this.audio.readyState >= HTMLMediaElement.HAVE_METADATA) return Promise.resolve();
    return new Promise((done, fail) => {
      this.audio.addEventListener("loadedmetadata", done, { once: true });
      this.audio.addEventListener("error", () => fail(new Error("unplayable")), { once: true });
      this.audio.preload = "auto";
      this.audio.load();
    });
  }

  #seek(seconds) {
    if (Math.abs(this.audio.currentTime - seconds) < 0.005) return Promise.resolve();
    return new Promise((done) => {
      this.audio.addEventListener("seeked", done, { once: true });
      this.audio.currentTime = seconds;
    });
  }
}
