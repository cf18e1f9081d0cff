// The loss wall as a hill in three dimensions: its patches, how they are seen, and what lies on it.

import { mix } from "./paint.js";
import { lossAndGradient } from "./surface.js";

const W = [3.5, 6.7];
const B = [-3.2, 3];
const TALL = 0.5; // of the loss: the top of the picture

const spread = (from, to, count) => Array.from({ length: count }, (_, i) => from + ((to - from) * i) / count);
// Close to each other where the wall is, far apart on the plain.
const ALONG_W = [...spread(...W, 64), W[1]];
const ALONG_B = [...spread(B[0], -1, 60), ...spread(-1, B[1], 16), B[1]];
const LIGHT = [0.35, -0.45, 0.82];

const across = (w) => (2 * (w - W[0])) / (W[1] - W[0]) - 1;
const along = (b) => (2 * (b - B[0])) / (B[1] - B[0]) - 1;

/** The surface once: the corners of each patch (from -1 to 1, and the height), and its tone. */
function patches() {
  const corners = ALONG_W.map((w) => ALONG_B.map((b) => [across(w), along(b), lossAndGradient(w, b)[0] / TALL]));
  const found = [];
  for (let i = 0; i + 1 < ALONG_W.length; i++) {
    for (let j = 0; j + 1 < ALONG_B.length; j++) {
      const [a, b, c, d] = [corners[i][j], corners[i + 1][j], corners[i + 1][j + 1], corners[i][j + 1]];
      const [du, dv] = [(b[2] - a[2]) / (b[0] - a[0]), (d[2] - a[2]) / (d[1] - a[1])];
      const bright = (LIGHT[2] - du * LIGHT[0] - dv * LIGHT[1]) / Math.hypot(du, dv, 1);
      const tone = Math.max(0, Math.min(1, 0.1 + 0.3 * a[2] + 0.75 * (0.82 - bright)));
      found.push({ corners: [a, b, c, d], tone });
    }
  }
  return found;
}

/** A point of the plane and the loss there; what lies outside of the picture stands at its edge. */
function on([w, b]) {
  const inside = (value, [least, most]) => Math.max(least, Math.min(most, value));
  const [x, y] = [inside(w, W), inside(b, B)];
  return [across(x), along(y), lossAndGradient(x, y)[0] / TALL + 0.02];
}

export class Hill {
  constructor() {
    this.patches = patches();
    this.still = document.createElement("canvas");
  }

  /** Look from a turn and a tilt, in degrees, at the middle of a canvas. */
  look(turn, tilt, canvas, width, height) {
    const angles = [turn, tilt].map((degrees) => (degrees * Math.PI) / 180);
    const [[sin, low], [cos, high]] = [angles.map(Math.sin), angles.map(Math.cos)];
    const size = Math.min(width / 2.9, height / 2.3);
    this.depth = ([u, v]) => u * sin + v * cos;
    this.place = ([u, v, z]) => [
      width / 2 + size * (u * cos - v * sin),
      height * 0.56 + size * (this.depth([u, v]) * low - (z - 0.4) * 0.9 * high),
    ];
    Object.assign(this, { sin, cos, canvas, view: [turn, tilt, canvas.width, canvas.height] });
  }

  /** The surface, kept while only the balls move. */
  paint(pen, width, height, colors) {
    const view = [...this.view, colors.paper].join();
    if (view !== this.painted) this.paintAnew(width, colors);
    this.painted = view;
    pen.drawImage(this.still, 0, 0, width, height);
    this.axes(pen, colors);
  }

  // What is far is painted first.
  paintAnew(width, colors) {
    const { canvas, still, depth, place } = this;
    Object.assign(still, { width: canvas.width, height: canvas.height });
    const pen = still.getContext("2d");
    pen.scale(canvas.width / width, canvas.width / width);
    const far = ({ corners }) => depth(corners[0]) + depth(corners[2]);
    const sorted = this.patches.map((patch) => [far(patch), patch]).sort((a, b) => a[0] - b[0]);
    pen.lineWidth = 0.7;
    for (const [, { corners, tone }] of sorted) {
      pen.fillStyle = pen.strokeStyle = mix(colors.paper, colors.muted, tone); // no gaps between patches
      pen.beginPath();
      corners.forEach((corner, i) => (i ? pen.lineTo(...place(corner)) : pen.moveTo(...place(corner))));
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
  }

  axes(pen, colors) {
    pen.fillStyle = colors.ink;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const edge = (slope) => (slope > 0 ? 1.2 : -1.2);
    pen.fillText("weight w →", ...this.place([0, edge(this.cos), 0]));
    pen.fillText("bias b →", ...this.place([edge(this.sin), 0, 0]));
  }

  /** A descent with its ball, as far as `shown` steps go. */
  descent(pen, path, shown, color, rim) {
    const whole = Math.floor(shown);
    const points = path.slice(0, whole + 1).map(on);
    const rest = shown - whole;
    if (rest > 0 && whole + 1 < path.length) {
      const [from, to] = [points.at(-1), on(path[whole + 1])];
      points.push(from.map((value, k) => value + rest * (to[k] - value)));
    }
    const places = points.map(this.place);
    Object.assign(pen, { strokeStyle: color, fillStyle: color, lineWidth: 2 });
    pen.beginPath();
    places.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
    for (const [x, y] of places.slice(0, -1)) {
      pen.beginPath();
      pen.arc(x, y, 2.5, 0, 2 * Math.PI);
      pen.fill();
    }
    const [x, y] = places.at(-1);
    pen.beginPath();
    pen.arc(x, y - 5, 8, 0, 2 * Math.PI);
    pen.fill();
    Object.assign(pen, { strokeStyle: rim, lineWidth: 1.5 });
    pen.stroke();
  }
}
