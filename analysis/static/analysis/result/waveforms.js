// Waveform and spectrogram, loaded when they are unfolded: the sound is fetched then, which is logged as playing.
import { colour } from "./chart.js";

const WAVESURFER = "../../vendor/wavesurfer-8.0.1";

export const waveforms = (found, listening) => {
  const fold = document.getElementById("vb-waveforms");
  fold?.addEventListener("toggle", () => fold.open && open(fold, found, listening), { once: true });
};

const open = async (fold, found, listening) => {
  const [{ default: WaveSurfer }, { default: Regions }, { default: Spectrogram }] = await Promise.all([
    import(`${WAVESURFER}/wavesurfer.esm.js`),
    import(`${WAVESURFER}/regions.esm.js`),
    import(`${WAVESURFER}/spectrogram.esm.js`),
  ]);
  // Its shadow tree has a style element of its own, which a strict policy lets through by the page's nonce.
  const cspNonce = document.querySelector("style[nonce], script[nonce]")?.nonce;
  for (const box of fold.querySelectorAll("[data-wave]")) {
    const name = box.dataset.wave;
    const regions = Regions.create();
    const wave = WaveSurfer.create({
      container: box, url: listening.tracks[name].audio.src, height: 72, cspNonce, interact: false,
      waveColor: colour(name), progressColor: colour(name), cursorColor: colour("ink"), sampleRate: 16000,
      plugins: [regions, Spectrogram.create({
        labels: false, height: 128, fftSamples: 512, frequencyMax: 8000, scale: "linear", colorMap: "roseus",
      })],
    });
    wave.on("decode", () => mark(regions, found, name, listening));
    wave.on("error", () => {
      box.textContent = found.words.unplayable;
    });
    listening.watch((news) => news.name === name && wave.setTime(news.seconds));
  }
};

const mark = (regions, found, name, listening) => {
  found.syllables.forEach((each, index) => {
    const [start, end] = listening.span(name, each);
    if (start === null || end === null) return;
    const label = document.createElement("span");
    label.className = "vb-region";
    label.textContent = each.text;
    regions.addRegion({ start, end, content: label, drag: false, resize: false, color: colour("region") });
  });
  regions.on("region-clicked", (region) => {
    const index = found.syllables.findIndex((each) => listening.span(name, each)[0] === region.start);
    if (index >= 0) listening.say(index);
  });
};
