// Waveform and spectrogram, loaded when they are unfolded: the sound is fetched then, which is logged as playing.
import { colour } from "./chart.js";

const RATE = 16000; // Hz, as the analysis hears it
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
    const { audio } = listening.tracks[name];
    try {
      const sound = await decoded(audio.src);
      const regions = Regions.create();
      // With the samples in hand it plays nothing of its own, from no blob: the cursor follows the page's player.
      const wave = WaveSurfer.create({
        container: box, media: audio, peaks: [sound.getChannelData(0)], duration: sound.duration,
        height: 72, cspNonce, interact: false, sampleRate: RATE,
        waveColor: colour(name), progressColor: colour(name), cursorColor: colour("ink"),
        plugins: [regions, Spectrogram.create({
          labels: false, height: 128, fftSamples: 512, frequencyMax: RATE / 2, scale: "linear", colorMap: "roseus",
        })],
      });
      wave.once("ready", () => mark(regions, found, name, listening));
    } catch {
      box.textContent = found.words.unplayable; // a format that this browser does not decode
    }
  }
};

export const decoded = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new OfflineAudioContext(1, 1, RATE).decodeAudioData(await answer.arrayBuffer());
};

const mark = (regions, found, name, listening) => {
  found.syllables.forEach((each, index) => {
    const [start, end] = listening.span(name, each);
    if (start === null || end === null) return;
    const label = document.createElement("span");
    label.className = "vb-region";
    label.textContent = each.text;
    regions.addRegion({ start, end, content: label, drag: false, resize: false, color: index % 2 ? "transparent" : colour("region") });
  });
  regions.on("region-clicked", (region) => {
    const index = found.syllables.findIndex((each) => listening.span(name, each)[0] === region.start);
    if (index >= 0) listening.say(index);
  });
};
