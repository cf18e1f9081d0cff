// The float ruler: how far each format of numbers reaches, and a signal that walks off its end.

import { make, slider } from "./dom.js";
import { FORMATS, lastLayer } from "./formats.js";
import { context, palette } from "./paint.js";
import { power, short } from "./words.js";

const [LOW, HIGH] = [-47, 41]; // powers of ten
const MOST = 200;
const tens = (twos) => twos * Math.log10(2);

class Ruler {
  constructor(root) {
    Object.assign(this, { root, factor: 0.5, layers: 20 });
    const set = (name) => (value) => {
      this[name] = value;
      this.paint();
    };
    const factors = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 4, 10];
    const controls = [
      slider("pg-factor", "each layer multiplies by", factors, this.factor, set("factor")),
      slider("pg-layers", "layers", Array.from({ length: MOST + 1 }, (_, i) => i), this.layers, set("layers")),
    ];
    this.canvas = make("canvas", { class: "pg-net pg-ruler-canvas", role: "img", "aria-label": "The float ruler" });
    this.says = make("p", { class: "pg-verdict", "aria-live": "polite" });
    root.replaceChildren(this.canvas, make("div", { class: "pg-group pg-few" }, ...controls.map((c) => c.element)), this.says);
    new ResizeObserver(() => this.paint()).observe(this.canvas);
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.paint();
  }

  words() {
    const { factor, layers } = this;
    const each = Object.keys(FORMATS).map((name) => {
      const last = lastLayer(name, factor);
      const what = factor > 1 ? "infinite" : "0";
      if (last === null) return `${name} keeps it`;
      return `${name}: ${last <= layers ? `${what} since layer ${last}` : `${what} only at layer ${last}`}`;
    });
    return `After ${layers} layers the signal is ${short(factor ** layers)}. Rounded then, ${each.join("; ")}.`;
  }

  paint() {
    const text = this.words();
    this.says.textContent = text;
    this.canvas.setAttribute("aria-label", `Rulers of three formats of numbers. ${text}`);
    const found = context(this.canvas);
    if (!found) return;
    const { pen, width, height } = found;
    const colors = palette(this.root);
    const x = (exponent) => 14 + ((width - 28) * (exponent - LOW)) / (HIGH - LOW);
    const row = (height - 34) / 3;
    pen.textBaseline = "middle";
    Object.keys(FORMATS).forEach((name, number) => this.band(pen, name, x, 8 + number * row, row, colors));
    pen.fillStyle = colors.muted;
    pen.textAlign = "center";
    const step = width < 500 ? 20 : 10;
    for (let mark = -40; mark <= 40; mark += step) pen.fillText(mark === 0 ? "1" : power(mark), x(mark), height - 12);
  }

  band(pen, name, x, top, row, colors) {
    const { most, normal, least } = FORMATS[name];
    const [from, middle, to] = [least, normal, most].map((twos) => x(tens(twos)));
    pen.fillStyle = colors.line;
    pen.fillRect(middle, top + row * 0.45, to - middle, row * 0.4);
    pen.globalAlpha = 0.45;
    pen.fillRect(from, top + row * 0.45, middle - from, row * 0.4);
    pen.globalAlpha = 1;
    pen.fillStyle = colors.ink;
    pen.textAlign = "center";
    pen.fillText(name, x(0), top + row * 0.22);
    const last = lastLayer(name, this.factor);
    const lost = last !== null && this.layers >= last;
    const color = this.factor === 1 ? colors.healthy : this.factor > 1 ? colors.exploding : colors.vanishing;
    pen.fillStyle = color;
    const y = top + row * 0.65;
    for (let layer = 0; layer <= this.layers && (last === null || layer < last); layer++) {
      pen.beginPath();
      pen.arc(x(layer * Math.log10(this.factor)), y, layer === this.layers ? 6 : 2.2, 0, 2 * Math.PI);
      pen.fill();
    }
    if (!lost) return;
    pen.fillStyle = colors.ink;
    pen.font = `bold ${pen.font}`;
    pen.textAlign = this.factor > 1 ? "right" : "left";
    pen.fillText(this.factor > 1 ? "inf" : "0", this.factor > 1 ? to : from, top + row * 0.22);
    pen.font = pen.font.replace("bold ", "");
  }
}

for (const root of document.querySelectorAll(".pg-ruler")) root.ruler = new Ruler(root);
