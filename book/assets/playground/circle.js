// A circle through 20 Jacobians: it shrinks to a point, stretches to a needle, or stays round.

import { make, slider } from "./dom.js";
import { axes, KINDS, LAYERS, products } from "./ellipse.js";
import { context, palette } from "./paint.js";
import { short } from "./words.js";

const SEED = 211; // one at which the long axis strays little, so that the needle has room
const ROLES = { shrinks: "vanishing", needle: "other", round: "healthy" };

class Circle {
  constructor(root) {
    Object.assign(this, { root, layer: 3 });
    this.products = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, products(kind, SEED)]));
    const layers = Array.from({ length: LAYERS + 1 }, (_, i) => i);
    const control = slider("pg-circle-layer", "layers passed", layers, this.layer, (value) => {
      this.layer = value;
      this.paint();
    });
    this.canvases = {};
    this.captions = {};
    const figures = Object.entries(KINDS).map(([kind, { text }]) => {
      this.canvases[kind] = make("canvas", { class: "pg-pictures pg-round", role: "img", "aria-label": text });
      this.captions[kind] = make("figcaption", {});
      return make("figure", { class: "pg-figure" }, make("b", {}, text), this.canvases[kind], this.captions[kind]);
    });
    this.live = make("div", { class: "pg-live", "aria-live": "polite" });
    root.replaceChildren(make("div", { class: "pg-three" }, ...figures), control.element, this.live);
    new ResizeObserver(() => this.paint()).observe(root);
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.paint();
  }

  paint() {
    const colors = palette(this.root);
    const said = Object.entries(this.products).map(([kind, matrices]) => {
      const [long, slim] = axes(matrices[this.layer]);
      const text = `Half-axes ${short(long)} and ${short(slim)}.`;
      this.captions[kind].textContent = text;
      this.canvases[kind].setAttribute("aria-label", `The circle after ${this.layer} layers, ${KINDS[kind].text}. ${text}`);
      const area = context(this.canvases[kind]);
      const most = Math.max(...matrices.map((matrix) => axes(matrix)[0]));
      if (area) ellipse(area, matrices[this.layer], most, colors, colors[ROLES[kind]]);
      return `${KINDS[kind].text}: ${text}`;
    });
    clearTimeout(this.telling);
    this.telling = setTimeout(() => (this.live.textContent = `${this.layer} layers. ${said.join(" ")}`), 700);
  }
}

// In dashes the circle that went in; a dot shows where one of its points has come to.
function ellipse({ pen, width, height }, [a, b, c, d], most, colors, color) {
  const size = (Math.min(width, height) / 2 - 8) / most;
  const [x, y] = [width / 2, height / 2];
  const trace = (point) => {
    pen.beginPath();
    for (let k = 0; k <= 96; k++) {
      const [u, v] = point(Math.cos((2 * Math.PI * k) / 96), Math.sin((2 * Math.PI * k) / 96));
      if (k) pen.lineTo(x + size * u, y - size * v);
      else pen.moveTo(x + size * u, y - size * v);
    }
    pen.stroke();
  };
  Object.assign(pen, { strokeStyle: colors.muted, lineWidth: 1 });
  pen.setLineDash([3, 3]);
  trace((u, v) => [u, v]);
  pen.setLineDash([]);
  Object.assign(pen, { strokeStyle: color, fillStyle: color, lineWidth: 2.5 });
  trace((u, v) => [a * u + b * v, c * u + d * v]);
  pen.beginPath();
  pen.arc(x + size * a, y - size * c, 4, 0, 2 * Math.PI);
  pen.fill();
}

for (const root of document.querySelectorAll(".pg-circle")) root.circle = new Circle(root);
