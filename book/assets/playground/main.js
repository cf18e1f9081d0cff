// The playground: what the reader sets goes to the worker, what it reports is drawn and said.

import { byLayer, learning } from "./charts.js";
import { make } from "./dom.js";
import { Drawing } from "./drawing.js";
import { page } from "./page.js";
import { palette } from "./paint.js";
import { DEFAULTS, fromAddress, toAddress } from "./settings.js";
import { decades, layerWords, short, verdict } from "./words.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const CHARTS = 150; // milliseconds between two pictures of the charts while a net trains

export class Playground {
  /** @param {HTMLElement} root the place on the page; data-form="small" for the first page */
  constructor(root) {
    const small = root.dataset.form === "small";
    Object.assign(this, { root, small, turn: 0, selected: 0, losses: [], accuracies: [] });
    this.settings = fromAddress(small ? (root.dataset.state ?? "") : location.hash);
    this.parts = page(this);
    root.replaceChildren(...this.parts.elements);
    this.drawing = new Drawing(this.parts.canvas);
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.watch();
    this.change({}, { quiet: true });
  }

  // What else makes a new picture: another size, other colours, another address.
  watch() {
    const again = () => {
      this.colors = palette(this.root);
      this.draw();
    };
    new ResizeObserver(again).observe(this.root);
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    calm.addEventListener("change", again);
    if (!this.small) {
      window.addEventListener("hashchange", () => {
        if (location.hash !== this.address) this.replace(fromAddress(location.hash));
      });
    }
    document.addEventListener("visibilitychange", () => document.hidden && this.pause());
  }

  ask(ask, more = {}) {
    this.worker.postMessage({ ask, turn: this.turn, ...more });
  }

  /** Some settings are others now. */
  change(some, { anew = false, quiet = false } = {}) {
    Object.assign(this.settings, some);
    const wasRunning = this.running;
    this.turn++;
    this.ask("set", { settings: { ...this.settings }, anew });
    if (wasRunning) this.run(this.most);
    this.parts.show(this.settings);
    if (!quiet) this.remember();
  }

  /** All settings are others now. */
  replace(settings) {
    this.pause();
    this.change({ ...DEFAULTS, ...settings }, { anew: true });
  }

  remember() {
    if (this.small) return;
    clearTimeout(this.writing); // a slider that is drawn moves often
    this.writing = setTimeout(() => {
      this.address = toAddress(this.settings);
      history.replaceState(null, "", this.address === "#" ? location.pathname : this.address);
    }, 300);
  }

  run(steps) {
    this.most = steps;
    this.running = true;
    this.ask("run", { steps });
    this.parts.running(true);
    this.pulse();
  }

  pause() {
    if (!this.running) return;
    this.running = false;
    this.ask("pause");
    this.parts.running(false);
  }

  step() {
    this.pause();
    this.ask("step");
    this.pulse();
  }

  select(layer) {
    this.selected = layer;
    this.parts.select(layer, this.report.layers.length);
    this.draw();
  }

  /** A report of the worker; one of an older turn is for settings that are gone. */
  hear(report) {
    if (report.turn !== this.turn) return;
    const begun = report.steps === 0;
    if (begun) [this.losses, this.accuracies] = [[], []];
    for (const loss of report.losses) this.losses.push(loss);
    this.accuracies.push(...report.accuracies);
    const finished = this.running && !report.running && !begun;
    if (!report.running && !begun) this.running = false;
    const depth = report.layers.length;
    if (depth !== this.report?.layers.length) {
      this.selected = 0;
      this.parts.select(0, depth);
    }
    this.report = report;
    if (begun && !this.running) this.pulse();
    this.draw();
    if (finished || report.broken || begun) this.tell(finished);
  }

  // For screen readers: not each report, but what a reader waits for, once it is calm.
  tell(finished) {
    clearTimeout(this.telling);
    const { report } = this;
    this.parts.running(this.running);
    const accuracy = this.accuracies.at(-1)?.[1];
    if (finished && !report.broken) this.parts.finished?.(report, accuracy);
    if (finished && report.broken) this.parts.finished?.(report, 0);
    this.telling = setTimeout(() => {
      this.parts.live.textContent = verdict(report, this.settings);
    }, 700);
  }

  pulse() {
    if (calm.matches || !this.drawing) return;
    this.pulsing = true;
    this.frame();
  }

  frame() {
    if (this.frames) return;
    this.frames = requestAnimationFrame((time) => {
      this.frames = null;
      if (this.pulsing) this.drawing.pulse(time, this.running);
      this.pulsing = false;
      this.drawing.forever = this.running;
      if (calm.matches) this.drawing.start = null;
      if (this.drawing.frame(time)) this.frame();
    });
  }

  draw() {
    if (!this.report || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  paint() {
    const { report, settings, parts, selected } = this;
    this.colors ??= palette(this.root);
    const { colors } = this;
    const { layers, steps, loss } = report;
    const accuracy = this.accuracies.at(-1)?.[1];
    parts.numbers.textContent =
      `step ${steps} · loss ${short(loss)}` +
      (accuracy === undefined ? "" : ` · ${Math.round(100 * accuracy)} % of the test digits right`);
    parts.verdict.textContent = verdict(report, settings);
    parts.layer.textContent = layerWords(layers, selected);
    if (!this.running) {
      parts.canvas.setAttribute("aria-label", `The net, ${layers.length} layers. ${verdict(report, settings)}`);
    }
    this.drawing.show(report, settings, selected, colors);
    this.frame();
    const now = performance.now();
    if (!parts.charts || (this.running && now - this.drawn < CHARTS)) return;
    this.drawn = now;
    this.charts(layers);
    if (!this.running) this.describe(layers, accuracy);
  }

  charts(layers) {
    const { colors, selected, losses, accuracies, parts } = this;
    const of = (name) => layers.map((layer) => layer[name]);
    const { back, forward, update, progress } = parts.charts;
    const tints = layers.map((_, l) => decades(layers, l));
    byLayer(back, [
      { values: of("error"), color: colors.muted, decades: tints },
      { values: of("gradient"), color: colors.other, dash: [5, 3] },
    ], colors, { selected });
    byLayer(forward, [{ values: of("signal"), color: colors.ink }], colors, { selected });
    byLayer(update, [{ values: of("update"), color: colors.ink }], colors, { selected, healthy: [-4, -2] });
    learning(progress, losses, accuracies, colors);
  }

  // The charts in words, once the net stands still.
  describe(layers, accuracy) {
    const { back, forward, update, progress } = this.parts.charts;
    const ends = (name) =>
      `${short(layers[0][name])} at layer 1, ${short(layers.at(-1)[name])} at layer ${layers.length}`;
    const say = (canvas, words) => canvas.setAttribute("aria-label", words);
    say(back, `Error signal ${ends("error")}; gradient of the weights ${ends("gradient")}.`);
    say(forward, `Size of the signal: ${ends("signal")}.`);
    say(update, Number.isNaN(layers[0].update) ? "No step yet." : `Update : weights ${ends("update")}.`);
    const right = accuracy === undefined ? "" : `, ${Math.round(100 * accuracy)} % of the test digits right`;
    say(progress, `Loss ${short(this.losses.at(-1))} after ${this.losses.length - 1} steps${right}.`);
  }
}

for (const root of document.querySelectorAll(".pg")) {
  try {
    root.playground = new Playground(root);
  } catch (error) {
    root.replaceChildren(make("p", {}, `The playground does not run in this browser: ${error.message}`));
  }
}
