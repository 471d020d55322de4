// The keyboard's way through a result. What is written into, or has keys of its own, keeps them.
const OWN_KEYS = "input, textarea, select, audio, [contenteditable]";
const PRESSABLE = `${OWN_KEYS}, button, a, summary`;

const follow = (id) => document.getElementById(id)?.click();

export const keys = (listening) => {
  const deeds = {
    " ": () => listening.play("stop"),
    1: () => listening.tracks.example && listening.play("example"),
    2: () => listening.play("recording"),
    3: () => listening.tracks.example && listening.play("turns"),
    ArrowRight: () => listening.step(1),
    ArrowLeft: () => listening.step(-1),
    Escape: () => {
      listening.stop();
      listening.select(null);
    },
    h: () => listening.halve(),
    n: () => follow("vb-next"),
    p: () => follow("vb-previous"),
  };
  document.addEventListener("keydown", (event) => {
    const deed = deeds[event.key] ?? deeds[event.key.toLowerCase()];
    const own = event.key === " " ? PRESSABLE : OWN_KEYS;
    if (!deed || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(own)) return;
    event.preventDefault();
    deed();
  });
};
