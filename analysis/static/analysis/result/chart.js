// What every chart here has in common: colours from the style sheet, its box's width, light and dark.
export const colour = (name) =>
  getComputedStyle(document.querySelector(".vb-report")).getPropertyValue(`--vb-${name}`).trim();

// Draws now that there is a width, and again when the width or the theme changes. Behind x-cloak a box has none.
export const keepDrawn = (box, draw) => {
  let drawn = null;
  let width = 0;
  const again = () => {
    drawn?.destroy();
    drawn = draw(width);
  };
  new ResizeObserver(([entry]) => {
    const wide = Math.floor(entry.contentRect.width);
    if (wide < 50 || wide === width) return;
    width = wide;
    again();
  }).observe(box);
  new MutationObserver(() => width && again()).observe(document.documentElement, { attributeFilter: ["class"] });
  return () => drawn;
};
