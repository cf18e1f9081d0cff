// A digit whispered backwards: the error as a picture at each layer of the three nets, for two halves
// of the digits. Computed here, once a reader comes near.

import { make, slider } from "./dom.js";
import { arriving, cosine, length, patient } from "./echo.js";
import { context, mix, palette } from "./paint.js";
import { short } from "./words.js";

const NAMES = ["vanishing", "healthy", "exploding"];
const HALF = 128;
const DEPTH = 20;

class Whisper {
  constructor(root) {
    Object.assign(this, { root, layer: DEPTH, found: {} });
    const layers = Array.from({ length: DEPTH }, (_, i) => DEPTH - i);
    const control = slider("pg-whisper-layer", "arrives at layer", layers, DEPTH, (value) => {
      this.layer = value;
      this.paint();
    });
    this.canvases = NAMES.map((name) =>
      make("canvas", { class: "pg-pictures", role: "img", "aria-label": `The ${name} net` }));
    this.captions = NAMES.map(() => make("figcaption", {}, "…"));
    const figures = NAMES.map((name, i) => make("figure", { class: "pg-figure" },
      make("b", { class: `pg-name-${name}` }, name), this.canvases[i], this.captions[i]));
    this.live = make("div", { class: "pg-live", "aria-live": "polite" });
    root.replaceChildren(make("div", { class: "pg-three" }, ...figures), control.element, this.live);
    new ResizeObserver(() => this.paint()).observe(root);
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const watcher = new IntersectionObserver((seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      this.compute();
    }, { rootMargin: "300px" });
    watcher.observe(root);
  }

  // One half of one net at a time, so that the page never waits for long.
  async compute() {
    const [{ DIGITS }, { unpack }] = await Promise.all([import("./digits.js"), import("./trainer.js")]);
    const { trainX, trainY } = unpack(DIGITS, Float64Array);
    for (const name of NAMES) {
      const net = patient(name);
      const halves = [];
      for (const from of [0, HALF]) {
        await new Promise((done) => setTimeout(done));
        halves.push(arriving(net, trainX.subarray(from * 64, (from + HALF) * 64), trainY.subarray(from, from + HALF)));
      }
      this.found[name] = halves;
      this.paint();
    }
  }

  paint() {
    const colors = palette(this.root);
    const said = [];
    NAMES.forEach((name, i) => {
      const halves = this.found[name]?.map((pictures) => pictures[this.layer - 1]);
      if (!halves) return;
      const text = `Length ${short(length(halves[0]))}; cosine of the two halves ${cosine(...halves).toFixed(2).replace("-", "−")}.`;
      this.captions[i].textContent = text;
      this.canvases[i].setAttribute("aria-label", `What arrives at layer ${this.layer} of the ${name} net, for two halves of the digits. ${text}`);
      said.push(`${name}: ${text}`);
      const area = context(this.canvases[i]);
      if (area) halves.forEach((half, side) => picture(area, half, side, colors));
    });
    clearTimeout(this.telling);
    if (said.length === NAMES.length) {
      this.telling = setTimeout(() => (this.live.textContent = `Layer ${this.layer}. ${said.join(" ")}`), 700);
    }
  }
}

// Dark where a larger number would raise the loss, violet where it would lower it; 1 is the largest.
function picture({ pen, width, height }, values, side, colors) {
  const size = Math.min(height, (width - 10) / 2);
  const left = side * (size + 10);
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  values.forEach((value, i) => {
    pen.fillStyle = mix(colors.surface, value > 0 ? colors.ink : colors.other, Math.abs(value) / most);
    pen.fillRect(left + ((i % 8) * size) / 8, (Math.floor(i / 8) * size) / 8, size / 8 + 0.5, size / 8 + 0.5);
  });
  pen.strokeStyle = colors.line;
  pen.strokeRect(left + 0.5, 0.5, size - 1, size - 1);
}

for (const root of document.querySelectorAll(".pg-whisper")) root.whisper = new Whisper(root);
