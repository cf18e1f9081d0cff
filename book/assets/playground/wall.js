// The loss wall in three dimensions: turn it, set rate and threshold, release two balls together.

import { make, slider } from "./dom.js";
import { context, mix, palette } from "./paint.js";
import { descend, lossAndGradient } from "./surface.js";
import { short } from "./words.js";

const W = [3.5, 6.7];
const B = [-3.2, 3];
const TALL = 0.5; // of the loss: the top of the picture
const FROM = [5, -2];
const PACE = 140; // milliseconds for a step
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const range = (from, to, step) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

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

class Wall {
  constructor(root) {
    Object.assign(this, { root, turn: 30, tilt: 35, rate: 1, threshold: 0.3, shown: 0 });
    this.patches = patches();
    const set = (name) => (value) => this.set({ [name]: value });
    this.canvas = make("canvas", { class: "pg-net pg-hill", role: "img", "aria-label": "The loss wall" });
    this.says = make("p", { class: "pg-verdict", "aria-live": "polite" });
    const degrees = (value) => `${value}°`;
    this.turning = slider("pg-turn", "turn", range(0, 360, 5), this.turn, set("turn"), degrees);
    this.tilting = slider("pg-tilt", "tilt", range(10, 90, 5), this.tilt, set("tilt"), degrees);
    const controls = [
      slider("pg-eta", "learning rate η", [0.1, 0.3, 0.5, 1, 2, 3], this.rate, set("rate")),
      slider("pg-theta", "threshold θ", [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2], this.threshold, set("threshold")),
      this.turning, this.tilting,
    ];
    const release = make("button", { type: "button", class: "pg-button pg-main", click: () => this.release() },
      "Release both balls");
    root.replaceChildren(this.canvas, make("div", { class: "pg-buttons" }, release, this.key()), this.says,
      make("div", { class: "pg-group" }, ...controls.map((control) => control.element)));
    this.drag();
    const again = () => {
      this.colors = palette(root);
      this.draw();
    };
    new ResizeObserver(again).observe(this.canvas);
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.set({});
    this.shown = this.paths[0].length - 1;
  }

  key() {
    const key = (kind, text) => make("span", { class: `pg-key pg-key-${kind}` }, text);
    return make("span", {}, key("exploding", "not clipped"), key("healthy", "clipped to θ"));
  }

  set(some) {
    Object.assign(this, some);
    if (!("turn" in some || "tilt" in some)) {
      this.paths = [Infinity, this.threshold].map((limit) => descend(...FROM, this.rate, limit));
      this.shown = this.paths[0].length - 1;
      this.since = null;
      this.tell();
    }
    this.draw();
  }

  tell() {
    const of = (path) => {
      const steps = path.slice(1).map(([w, b], i) => Math.hypot(w - path[i][0], b - path[i][1]));
      const [w, b] = path.at(-1);
      const round = (value) => value.toFixed(1).replace("-", "−");
      return `longest step ${short(Math.max(...steps))}, in the end w ${round(w)}, b ${round(b)}, loss ${short(lossAndGradient(w, b)[0])}`;
    };
    const [free, cut] = this.paths.map(of);
    this.says.textContent = `Not clipped: ${free}. Clipped: ${cut}.`;
    this.canvas.setAttribute("aria-label",
      `The loss over weight and bias: a plain, a plateau, and a steep wall between them. Two descents from w 5, b −2, rate ${this.rate}. ${this.says.textContent}`);
  }

  release() {
    if (calm.matches) return;
    this.since = performance.now();
    this.draw();
  }

  // A finger or the mouse turns the wall.
  drag() {
    let last = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      last = [event.clientX, event.clientY];
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const [dx, dy] = [event.clientX - last[0], event.clientY - last[1]];
      last = [event.clientX, event.clientY];
      this.turn = (this.turn - dx / 2 + 360) % 360;
      this.tilt = Math.max(10, Math.min(90, this.tilt + dy / 3));
      this.turning.show(5 * Math.round(this.turn / 5));
      this.tilting.show(5 * Math.round(this.tilt / 5));
      this.draw();
    });
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => (last = null));
  }

  draw() {
    this.frame ??= requestAnimationFrame((time) => {
      this.frame = null;
      if (this.since !== null) {
        this.shown = Math.max(0, (time - this.since) / PACE);
        if (this.shown >= this.paths[0].length - 1) {
          this.shown = this.paths[0].length - 1;
          this.since = null;
        }
      }
      this.paint();
      if (this.since !== null) this.draw();
    });
  }

  paint() {
    const found = context(this.canvas);
    if (!found) return;
    const { pen, width, height } = found;
    this.colors ??= palette(this.root);
    const { colors } = this;
    const [turn, tilt] = [(this.turn * Math.PI) / 180, (this.tilt * Math.PI) / 180];
    const [sin, cos, low, high] = [Math.sin(turn), Math.cos(turn), Math.sin(tilt), Math.cos(tilt)];
    const size = Math.min(width / 2.9, height / 2.3);
    const depth = ([u, v]) => u * sin + v * cos;
    const place = ([u, v, z]) => [
      width / 2 + size * (u * cos - v * sin),
      height * 0.56 + size * (depth([u, v]) * low - (z - 0.4) * 0.9 * high),
    ];
    const view = [turn, tilt, this.canvas.width, this.canvas.height, colors.paper].join();
    if (view !== this.view) this.hill(view, width, depth, place);
    pen.drawImage(this.still, 0, 0, width, height);
    this.axes(pen, place, colors);
    ["exploding", "healthy"].forEach((role, run) => this.descent(pen, place, this.paths[run], colors[role]));
  }

  // The surface from here, kept while only the balls move. What is far is painted first.
  hill(view, width, depth, place) {
    const { canvas, colors } = this;
    this.view = view;
    this.still ??= document.createElement("canvas");
    Object.assign(this.still, { width: canvas.width, height: canvas.height });
    const pen = this.still.getContext("2d");
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

  axes(pen, place, colors) {
    pen.fillStyle = colors.ink;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const front = (Math.cos((this.turn * Math.PI) / 180) > 0 ? 1 : -1) * 1.2;
    const side = (Math.sin((this.turn * Math.PI) / 180) > 0 ? 1 : -1) * 1.2;
    pen.fillText("weight w →", ...place([0, front, 0]));
    pen.fillText("bias b →", ...place([side, 0, 0]));
  }

  descent(pen, place, path, color) {
    const on = ([w, b]) => {
      const inside = (value, [least, most]) => Math.max(least, Math.min(most, value));
      const [x, y] = [inside(w, W), inside(b, B)];
      const z = lossAndGradient(x, y)[0] / TALL;
      return [across(x), along(y), z + 0.02];
    };
    const whole = Math.floor(this.shown);
    const points = path.slice(0, whole + 1).map(on);
    const rest = this.shown - whole;
    if (rest > 0 && whole + 1 < path.length) {
      const [from, to] = [points.at(-1), on(path[whole + 1])];
      points.push(from.map((value, k) => value + rest * (to[k] - value)));
    }
    const places = points.map(place);
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
    Object.assign(pen, { strokeStyle: this.colors.surface, lineWidth: 1.5 });
    pen.stroke();
  }
}

// The surface takes a moment to compute: only when somebody comes near.
const watcher = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    target.wall = new Wall(target);
  }
}, { rootMargin: "200px" });
for (const root of document.querySelectorAll(".pg-wall")) watcher.observe(root);
