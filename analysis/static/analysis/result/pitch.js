// Pitch of example and recording by syllable. On plain time the two would not match.
import uPlot from "../../vendor/uplot-1.6.32/uPlot.esm.js";
import { colour, keepDrawn } from "./chart.js";

const HEIGHT = 240;
const LEAST = 5; // semitones either side, so that a flat voice looks flat

// One x for all points; between syllables a gap.
const points = (syllables) => {
  const [x, example, recording] = [[], [], []];
  syllables.forEach((each, index) => {
    const count = each.contour?.length ?? each.example_contour?.length ?? 0;
    for (let at = 0; at < count; at += 1) {
      x.push(index + 0.06 + (0.88 * at) / (count - 1));
      example.push(each.example_contour?.[at] ?? null);
      recording.push(each.contour?.[at] ?? null);
    }
    x.push(index + 1);
    example.push(null);
    recording.push(null);
  });
  return [x, example, recording];
};

const reach = (data) => {
  const values = [...data[1], ...data[2]].filter((value) => value !== null);
  return [Math.min(-LEAST, ...values) - 0.5, Math.max(LEAST, ...values) + 0.5];
};

export const pitchChart = (found, listening) => {
  const { syllables, words } = found;
  const data = points(syllables);
  const figure = document.getElementById("vb-pitch-box");
  if (!figure || data[1].concat(data[2]).every((value) => value === null)) return;
  figure.hidden = false;
  const box = document.getElementById("vb-pitch");
  let seen = { selected: null, now: null };

  // Columns: every other one shaded; the chosen and the spoken syllable stand out.
  const columns = (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    syllables.forEach((_each, index) => {
      const marked = index === seen.selected || index === seen.now;
      if (!marked && index % 2) return;
      ctx.fillStyle = colour(marked ? "chosen" : "column");
      const left = plot.valToPos(index, "x", true);
      ctx.fillRect(left, bbox.top, plot.valToPos(index + 1, "x", true) - left, bbox.height);
    });
    ctx.restore();
  };

  const draw = (width) => {
    const axis = { stroke: colour("ink"), grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false } };
    const plot = new uPlot(
      {
        width, height: HEIGHT, legend: { show: false }, cursor: { drag: { setScale: false }, y: false },
        scales: { x: { time: false, range: [0, syllables.length] }, y: { range: reach(data) } },
        axes: [
          { ...axis, grid: { show: false }, font: "15px sans-serif", size: 34,
            splits: () => syllables.map((_each, index) => index + 0.5),
            values: () => syllables.map((each) => each.text) },
          { ...axis, label: words.semitones, size: 44, labelSize: 18 },
        ],
        series: [
          {},
          { label: words.example, stroke: colour("example"), width: 3, dash: [9, 5], points: { show: false } },
          { label: words.recording, stroke: colour("recording"), width: 2.5, points: { show: false } },
        ],
        hooks: { drawClear: [columns] },
      },
      data,
      box,
    );
    plot.over.addEventListener("click", () => {
      const index = Math.floor(plot.posToVal(plot.cursor.left, "x"));
      if (index >= 0 && index < syllables.length) listening.say(index);
    });
    return plot;
  };

  const drawn = keepDrawn(box, draw);
  listening.watch((news) => {
    if (news.selected === seen.selected && news.now === seen.now) return;
    seen = news;
    drawn()?.redraw(false);
  });
};
