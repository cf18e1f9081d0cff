// A report as pictures and words: the net, the charts, and what they show for who cannot see them.

import { byLayer, learning } from "./charts.js";
import { Drawing } from "./drawing.js";
import { palette } from "./paint.js";
import { decades, layerWords, short, verdict } from "./words.js";

const PAUSE = 150; // milliseconds between two pictures of the charts while a net trains

export class Picture {
  /** @param {HTMLElement} root the playground @param {object} parts what page() made of it */
  constructor(root, parts) {
    Object.assign(this, { root, parts, drawing: new Drawing(parts.canvas) });
  }

  /** Take the colours anew: the theme has changed. */
  recolor() {
    this.colors = palette(this.root);
  }

  /** Show a report at the next frame; several within one frame are drawn once. */
  show(state) {
    this.state = state;
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  /** Let the pulse run through the net, on and on while it trains. */
  pulse(running) {
    [this.pulsing, this.running] = [true, running];
    this.frame();
  }

  frame() {
    this.frames ??= requestAnimationFrame((time) => {
      this.frames = null;
      if (this.pulsing) this.drawing.pulse(time, this.running);
      this.pulsing = false;
      this.drawing.forever = this.running;
      if (this.still) this.drawing.start = null;
      if (this.drawing.frame(time)) this.frame();
    });
  }

  paint() {
    const { parts, state } = this;
    const { report, settings, selected, running, accuracies } = state;
    if (!this.colors) this.recolor();
    this.running = running;
    const { layers, steps, loss } = report;
    const right = accuracies.length ? `${Math.round(100 * accuracies.at(-1)[1])} % of the test digits right` : "";
    parts.numbers.textContent = `step ${steps} · loss ${short(loss)}${right && ` · ${right}`}`;
    parts.verdict.textContent = verdict(report, settings);
    parts.layer.textContent = layerWords(layers, selected);
    if (!running) {
      parts.canvas.setAttribute("aria-label", `The net, ${layers.length} layers. ${verdict(report, settings)}`);
    }
    this.drawing.show(report, settings, selected, this.colors);
    this.frame();
    const now = performance.now();
    if (!parts.charts || (running && now - this.drawn < PAUSE)) return;
    this.drawn = now;
    this.charts(state);
    if (!running) this.describe(state, right);
  }

  charts({ report: { layers }, selected, losses, accuracies }) {
    const { colors } = this;
    const of = (name) => layers.map((layer) => layer[name]);
    const { back, forward, update, progress } = this.parts.charts;
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
  describe({ report: { layers }, losses }, right) {
    const { back, forward, update, progress } = this.parts.charts;
    const ends = (name) =>
      `${short(layers[0][name])} at layer 1, ${short(layers.at(-1)[name])} at layer ${layers.length}`;
    const say = (canvas, words) => canvas.setAttribute("aria-label", words);
    say(back, `Error signal ${ends("error")}; gradient of the weights ${ends("gradient")}.`);
    say(forward, `Size of the signal: ${ends("signal")}.`);
    say(update, Number.isNaN(layers[0].update) ? "No step yet." : `Update : weights ${ends("update")}.`);
    say(progress, `Loss ${short(losses.at(-1))} after ${losses.length - 1} steps${right && `, ${right}`}.`);
  }
}
