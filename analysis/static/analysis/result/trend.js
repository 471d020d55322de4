// One exercise over time: a line for each score, or each measure on a scale of its own.
import uPlot from "../../vendor/uplot-1.6.32/uPlot.esm.js";
import { colour, keepDrawn } from "./chart.js";

const HEIGHT = 220;
const DASHES = [[], [8, 4], [2, 3], [10, 4, 2, 4], [4, 4]];
const ZONE = "Asia/Taipei";

// Scores share 0 to 100. Measures have units of their own: each is drawn as its share of its own greatest.
const scaled = (trend) =>
  trend.is_score
    ? trend.values
    : trend.values.map((values) => {
        const most = Math.max(...values.filter((value) => value !== null).map(Math.abs));
        return values.map((value) => (value === null || !most ? null : (100 * value) / most));
      });

export const trendChart = (found) => {
  const box = document.getElementById("vb-trend");
  if (!box) return;
  const { trend, language } = found;
  const day = new Intl.DateTimeFormat(language, { timeZone: ZONE, month: "numeric", day: "numeric" });

  const draw = (width) => {
    const axis = { stroke: colour("ink"), grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false } };
    const most = Math.max(2, Math.floor(width / 70));
    const every = Math.ceil(trend.at.length / most);
    const plot = new uPlot(
      {
        width, height: HEIGHT, legend: { show: false }, cursor: { drag: { setScale: false }, y: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ZONE),
        scales: { y: { range: [0, 105] } },
        axes: [
          { ...axis, splits: () => trend.at.filter((_at, index) => index % every === 0),
            values: (_plot, splits) => splits.map((at) => day.format(at * 1000)) },
          { ...axis, size: 44, values: (_plot, splits) => splits.map((value) => (trend.is_score ? value : `${value}%`)) },
        ],
        series: [
          {},
          ...trend.names.map((label, index) => ({
            label, stroke: colour(`series-${index}`), width: index ? 1.5 : 3, dash: DASHES[index], spanGaps: true,
            points: { show: true, size: index ? 5 : 8, fill: colour(`series-${index}`) },
          })),
        ],
        hooks: { drawClear: [(plot) => here(plot, trend)] },
      },
      [trend.at, ...scaled(trend)],
      box,
    );
    plot.over.addEventListener("click", () => {
      if (plot.cursor.idx !== null) location.assign(trend.results[plot.cursor.idx]);
    });
    return plot;
  };
  keepDrawn(box, draw);
};

// A band behind the recording that the page is about.
const here = (plot, trend) => {
  if (trend.this === null) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour("chosen");
  const middle = plot.valToPos(trend.at[trend.this], "x", true);
  ctx.fillRect(middle - 9, bbox.top, 18, bbox.height);
  ctx.restore();
};
