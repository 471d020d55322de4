// What a browser records has no length and cannot be sought in, and no two browsers agree on its format: so it is kept
// as WAV, one channel of 16 bits, which every player and Praat open.
const RATE = 48000; // Hz

export const asWav = async (blob) => {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
  const channels = Array.from({ length: sound.numberOfChannels }, (_each, index) => sound.getChannelData(index));
  const mixed = channels[0].map((_sample, at) => channels.reduce((sum, each) => sum + each[at], 0) / channels.length);
  return new Blob([head(mixed.length), pcm(mixed)], { type: "audio/wav" });
};

const pcm = (samples) => {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((each, at) => view.setInt16(2 * at, Math.round(Math.min(1, Math.max(-1, each)) * 32767), true));
  return view.buffer;
};

const head = (samples) => {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at, word) => [...word].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  const bytes = 2 * samples;
  text(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  return view.buffer;
};
