// The loss wall in three dimensions: turn it, set rate and threshold, release two balls together.

import { make, slider } from "./dom.js";
import { Hill } from "./hill.js";
import { context, palette } from "./paint.js";
import { descend, lossAndGradient } from "./surface.js";
import { short } from "./words.js";

const FROM = [5, -2];
const PACE = 140; // milliseconds for a step
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const range = (from, to, step) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

class Wall {
  constructor(root) {
    Object.assign(this, { root, turn: 30, tilt: 35, rate: 1, threshold: 0.3, shown: 0 });
    this.hill = new Hill();
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
    const { hill, colors, paths, shown } = this;
    hill.look(this.turn, this.tilt, this.canvas, width, height);
    hill.paint(pen, width, height, colors);
    ["exploding", "healthy"].forEach((role, run) =>
      hill.descent(pen, paths[run], shown, colors[role], colors.surface));
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
