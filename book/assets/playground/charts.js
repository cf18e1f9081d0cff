// Small charts: quantities by layer on a scale of powers of ten, and the loss with the accuracy.

import { context, tint } from "./paint.js";
import { power } from "./words.js";

const LEFT = 46;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 22;

function frame(canvas, colors) {
  const found = context(canvas);
  if (!found) return null;
  const { pen, width, height } = found;
  pen.strokeStyle = colors.line;
  pen.lineWidth = 1;
  pen.fillStyle = colors.muted;
  pen.textBaseline = "middle";
  return { pen, width, height, bottom: height - BOTTOM, right: width - RIGHT };
}

function ruler({ pen, right }, y, text) {
  pen.beginPath();
  pen.moveTo(LEFT, Math.round(y) + 0.5);
  pen.lineTo(right, Math.round(y) + 0.5);
  pen.stroke();
  pen.textAlign = "right";
  pen.fillText(text, LEFT - 6, y);
}

/** Exponents for the ends and marks of a scale that holds the logarithms. */
export function scale(logs) {
  let [low, high] = [Math.floor(Math.min(...logs, -0.5)), Math.ceil(Math.max(...logs, 0.5))];
  if (high - low < 4) [low, high] = [low - 1, high + 1];
  const step = [1, 2, 5, 10, 20, 50, 100].find((s) => (high - low) / s <= 5) ?? 200;
  [low, high] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  return { low, high, marks: Array.from({ length: (high - low) / step + 1 }, (_, i) => low + i * step) };
}

/**
 * Lines over the layers. Each: values, color, and maybe dash, or decades that colour its points.
 * What is 0 or no number has no place on such a scale and is left out.
 */
export function byLayer(canvas, lines, colors, { selected, healthy } = {}) {
  const area = frame(canvas, colors);
  if (!area) return;
  const { pen, right, bottom } = area;
  const depth = lines[0].values.length;
  const logs = lines.map(({ values }) => values.map((v) => (v > 0 && v < Infinity ? Math.log10(v) : NaN)));
  const { low, high, marks } = scale(logs.flat().filter(Number.isFinite));
  const x = (l) => LEFT + 8 + ((right - LEFT - 16) * (depth > 1 ? l / (depth - 1) : 0.5));
  const y = (log) => bottom - ((bottom - TOP) * (log - low)) / (high - low);
  if (healthy) {
    pen.globalAlpha = 0.18;
    pen.fillStyle = colors.healthy;
    const [top, end] = [Math.min(high, healthy[1]), Math.max(low, healthy[0])];
    pen.fillRect(LEFT, y(top), right - LEFT, y(end) - y(top));
    pen.globalAlpha = 1;
    pen.fillStyle = colors.muted;
  }
  for (const mark of marks) ruler(area, y(mark), mark === 0 ? "1" : power(mark));
  pen.textAlign = "center";
  const step = [1, 2, 5, 10].find((s) => depth / s <= 10);
  for (let l = 1; l <= depth; l++) {
    if (l === 1 || (l % step === 0 && l > step / 2)) pen.fillText(l, x(l - 1), bottom + 12);
  }
  pen.strokeStyle = colors.muted;
  pen.setLineDash([2, 3]);
  pen.beginPath();
  pen.moveTo(x(selected), TOP);
  pen.lineTo(x(selected), bottom);
  pen.stroke();
  lines.forEach(({ color, dash, decades }, number) => {
    pen.strokeStyle = color;
    pen.lineWidth = 2;
    pen.setLineDash(dash ?? []);
    pen.beginPath();
    let drawing = false;
    logs[number].forEach((log, l) => {
      if (Number.isNaN(log)) drawing = false;
      else if (drawing) pen.lineTo(x(l), y(log));
      else {
        pen.moveTo(x(l), y(log));
        drawing = true;
      }
    });
    pen.stroke();
    pen.setLineDash([]);
    logs[number].forEach((log, l) => {
      if (Number.isNaN(log)) return;
      pen.fillStyle = decades ? tint(decades[l], colors) : color;
      pen.beginPath();
      pen.arc(x(l), y(log), decades ? 4 : 2.5, 0, 2 * Math.PI);
      pen.fill();
    });
  });
}

/** The loss of each batch, from 0 to 4, and the share of test digits that are right, in per cent. */
export function learning(canvas, losses, accuracies, colors) {
  const area = frame(canvas, colors);
  if (!area) return;
  const { pen, right, bottom } = area;
  const steps = Math.max(20, losses.length - 1);
  const most = 4;
  const x = (step) => LEFT + ((right - 30 - LEFT) * step) / steps;
  const y = (share) => bottom - (bottom - TOP) * Math.min(1, share);
  area.right = right - 30;
  for (let mark = 0; mark <= most; mark++) ruler(area, y(mark / most), mark);
  pen.textAlign = "left";
  for (const share of [0, 0.5, 1]) pen.fillText(`${100 * share} %`, right - 26, y(share));
  pen.textAlign = "center";
  pen.fillText(steps, x(steps), bottom + 12);
  pen.fillText("0", x(0), bottom + 12);
  const line = (points, color, width, dash) => {
    Object.assign(pen, { strokeStyle: color, lineWidth: width });
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(([px, py], i) => (i ? pen.lineTo(px, py) : pen.moveTo(px, py)));
    pen.stroke();
    pen.setLineDash([]);
  };
  const every = Math.max(1, Math.floor(losses.length / 400));
  const known = losses.map((loss, step) => [step, loss]);
  line(
    known.filter(([step, loss]) => step % every === 0 && Number.isFinite(loss)).map(([s, l]) => [x(s), y(l / most)]),
    colors.ink, 1.5, [],
  );
  line(accuracies.map(([step, share]) => [x(step), y(share)]), colors.other, 2.5, [6, 3]);
}
