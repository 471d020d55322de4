// Records the example into the form's own file field, so that it is checked and saved as a chosen file is.
import { asWav } from "./wav.js";

// Each of these changes the voice: they are for telephone calls, not for measuring.
const MICROPHONE = { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } };
const FORMATS = ["audio/webm;codecs=pcm", "audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const TROUBLES = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", NotReadableError: "busy" };
const FLOOR = -60; // dB, the meter's left end
const LOUD = -1; // dB below full scale: clipping is near

class Recorder {
  constructor(box, { words, most_seconds: most }) {
    this.words = words;
    this.most = most;
    this.input = document.getElementById(box.dataset.for);
    this.button = box.querySelector(".vb-record");
    this.box = box;
    for (const each of box.querySelectorAll("[data-part]")) this[each.dataset.part] = each;
    this.button.addEventListener("click", () => (this.running ? this.stop() : this.start()));
    this.discard.addEventListener("click", () => this.clear());
    this.input.addEventListener("change", () => this.#show(null)); // another file was chosen
    this.input.form.addEventListener("submit", (event) => this.#submit(event));
    window.addEventListener("pagehide", () => this.#release());
    box.hidden = false;
  }

  async start() {
    this.#trouble("");
    if (!window.isSecureContext) return this.#trouble("insecure");
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return this.#trouble("unsupported");
    this.button.disabled = true; // until the person has answered the browser's question
    try {
      this.stream = await navigator.mediaDevices.getUserMedia(MICROPHONE);
      this.#record();
    } catch (error) {
      this.#release();
      this.#trouble(TROUBLES[error.name] ?? "failed");
    }
    this.button.disabled = false;
  }

  #record() {
    const mimeType = FORMATS.find((each) => MediaRecorder.isTypeSupported(each));
    const pieces = [];
    this.running = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: 256000 });
    this.running.addEventListener("dataavailable", (event) => pieces.push(event.data));
    this.running.addEventListener("error", () => this.#trouble("failed"));
    this.running.addEventListener("stop", () => this.#done(new Blob(pieces, { type: mimeType })), { once: true });
    this.running.start();
    this.#show(null);
    this.said.textContent = this.words.recording;
    this.label.textContent = this.words.stop;
    this.box.toggleAttribute("data-recording", true);
    this.level.hidden = false;
    this.#watch();
  }

  // The level, ten times a second, and the time; stops by itself at the longest that is taken.
  #watch() {
    const began = performance.now();
    this.context = new AudioContext();
    const ear = this.context.createAnalyser();
    ear.fftSize = 8192; // 170 ms, so that no peak falls between two looks
    this.context.createMediaStreamSource(this.stream).connect(ear);
    const samples = new Float32Array(ear.fftSize);
    this.timer = setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      const peak = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 1e-6);
      const level = Math.max(FLOOR, 20 * Math.log10(peak));
      this.level.value = level;
      this.said.textContent = level > LOUD ? this.words.too_loud : this.words.recording;
      const seconds = (performance.now() - began) / 1000;
      this.time.textContent = `${seconds.toFixed(1)} s`;
      if (seconds >= this.most - 1) this.stop();
    }, 100);
  }

  stop() {
    if (this.running?.state === "recording") this.running.stop();
  }

  async #done(blob) {
    this.#release();
    this.button.disabled = true;
    const wav = await asWav(blob).catch(() => null);
    this.button.disabled = false;
    if (!wav) return this.#trouble("failed");
    const kept = new DataTransfer();
    kept.items.add(new File([wav], "example.wav", { type: wav.type }));
    this.input.files = kept.files;
    this.input.dispatchEvent(new Event("change")); // what was said of a file chosen before holds no more
    this.#show(wav);
    this.said.textContent = this.words.recorded;
    this.heard.focus();
  }

  #release() {
    clearInterval(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.context?.close();
    this.running = this.stream = this.context = null;
    this.level.hidden = true;
    this.box.removeAttribute("data-recording");
    this.label.textContent = this.words.record;
  }

  clear() {
    this.input.value = "";
    this.input.dispatchEvent(new Event("change"));
    this.time.textContent = "";
    this.button.focus();
  }

  #show(blob) {
    if (this.heard.src) URL.revokeObjectURL(this.heard.src);
    this.heard.hidden = this.discard.hidden = !blob;
    this.said.textContent = "";
    this.isRecorded = Boolean(blob);
    if (!blob) return this.heard.removeAttribute("src");
    this.heard.src = URL.createObjectURL(blob);
    this.label.textContent = this.words.again;
  }

  // A form that comes back with an error has lost its file, and nobody wants to say it again.
  #submit(event) {
    if (this.running) {
      event.preventDefault();
      this.stop();
    } else if (this.isRecorded && !this.input.form.reportValidity()) event.preventDefault();
  }

  #trouble(code) {
    this.trouble.textContent = this.words[code] ?? "";
    this.trouble.hidden = !code;
  }
}

const told = JSON.parse(document.getElementById("vb-recorder").textContent);
for (const box of document.querySelectorAll(".vb-recorder")) new Recorder(box, told);
