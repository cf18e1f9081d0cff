// The net as a picture: a column of neurons for each layer, coloured and as thick as its error signal,
// and the pulse: forward in grey, then back in the colours.

import { context, FONT, tint } from "./paint.js";
import { decades } from "./words.js";

const FORWARD = 700; // milliseconds for the way forward
const BACK = 1700;
const REST = 500;
const TOP = 14;
const BOTTOM = 26;

const between = (least, value, most) => Math.min(most, Math.max(least, value));

export class Drawing {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.still = document.createElement("canvas");
    this.start = null;
  }

  /** What is drawn from now on. */
  show(report, settings, selected, colors) {
    Object.assign(this, { report, settings, selected, colors, stale: true });
    this.shades = report.layers.map((_, l) => decades(report.layers, l));
  }

  /** Let the pulse run: once, or on and on while a net trains. */
  pulse(time, forever) {
    this.start ??= time;
    this.forever = forever;
  }

  /** The layer (0 is the first) below a point of the canvas. */
  layerAt(x) {
    const depth = this.report.layers.length;
    const { left, step } = this.places(this.canvas.clientWidth);
    return between(0, Math.round((x - left) / step) - 1, depth - 1);
  }

  places(width) {
    const left = 16;
    return { left, step: (width - 2 * left) / this.report.layers.length };
  }

  /** Draw the picture at a time; return whether there is more to come. */
  frame(time) {
    if (!this.report) return false;
    const found = context(this.canvas);
    if (!found) return false;
    const { pen, width, height } = found;
    if (this.stale || this.width !== width || this.height !== height) this.net(width, height);
    pen.drawImage(this.still, 0, 0, width, height);
    if (this.start === null) return false;
    const age = time - this.start;
    if (age < FORWARD) this.wave(pen, width, height, age / FORWARD, true);
    else if (age < FORWARD + BACK) this.wave(pen, width, height, (age - FORWARD) / BACK, false);
    else if (age > FORWARD + BACK + REST) this.start = this.forever ? time : null;
    return this.start !== null;
  }

  // Everything that does not move, kept until something changes.
  net(width, height) {
    const { report, colors, settings, still, shades } = this;
    Object.assign(this, { width, height, stale: false });
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    Object.assign(still, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const pen = still.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = FONT;
    const depth = report.layers.length;
    const { left, step } = this.places(width);
    const rows = between(3, Math.min(settings.width, depth > 25 ? 5 : depth > 12 ? 6 : 8), 8);
    const gap = (height - TOP - BOTTOM) / rows;
    const y = (row) => TOP + (row + 0.5) * gap;
    const reach = depth > 12 ? 1 : rows;
    for (let l = 0; l < depth; l++) {
      const decade = shades[l];
      const strength = decade === -Infinity ? -20 : decade;
      pen.strokeStyle = tint(decade, colors);
      pen.lineWidth = between(0.4, 1.3 + 0.4 * strength, 4) || 0.5;
      pen.globalAlpha = between(0.15, 0.75 + 0.09 * strength, 0.95) || 0.3;
      pen.beginPath();
      for (let from = 0; from < rows; from++) {
        for (let to = Math.max(0, from - reach); to <= Math.min(rows - 1, from + reach); to++) {
          pen.moveTo(left + l * step, y(from));
          pen.lineTo(left + (l + 1) * step, y(to));
        }
      }
      pen.stroke();
      // The first layer has a way around it only where it is as wide as its 64 pixels.
      if (settings.skip !== "none" && l < depth - 1 && (l > 0 || settings.width === 64)) {
        pen.globalAlpha = 0.9;
        pen.lineWidth = 1.5;
        pen.beginPath();
        pen.arc(left + (l + 0.5) * step, TOP, step / 2, Math.PI, 0);
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
    const radius = between(1.4, Math.min(gap, step) / 3.4, 6);
    for (let l = 0; l <= depth; l++) {
      pen.fillStyle = l === 0 ? colors.muted : tint(shades[l - 1], colors);
      for (let row = 0; row < rows; row++) {
        pen.beginPath();
        pen.arc(left + l * step, y(row), radius, 0, 2 * Math.PI);
        pen.fill();
      }
    }
    this.words(pen, width, height);
  }

  words(pen, width, height) {
    const { report, colors, selected } = this;
    const { left, step } = this.places(width);
    const middle = left + (selected + 1) * step;
    pen.fillStyle = colors.ink;
    pen.beginPath();
    pen.moveTo(middle, height - BOTTOM + 2);
    pen.lineTo(middle - 5, height - BOTTOM + 10);
    pen.lineTo(middle + 5, height - BOTTOM + 10);
    pen.fill();
    pen.textBaseline = "bottom";
    pen.fillStyle = colors.muted;
    pen.textAlign = "left";
    pen.fillText("digits", 4, height - 1);
    pen.textAlign = "right";
    pen.fillText("answer", width - 4, height - 1);
    pen.textAlign = "center";
    pen.fillText("← the gradient travels back", width / 2, height - 1);
    if (!report.broken) return;
    const at = left + report.broken.layer * step;
    pen.strokeStyle = colors.ink;
    pen.lineWidth = 2;
    pen.setLineDash([4, 3]);
    pen.strokeRect(at - Math.max(6, step / 2), 3, Math.max(12, step), height - BOTTOM - 2);
    pen.setLineDash([]);
    const room = 44;
    const x = between(room / 2 + 2, at, width - room / 2 - 2);
    pen.fillStyle = colors.ink;
    pen.fillRect(x - room / 2, height / 2 - 22, room, 20);
    pen.fillStyle = colors.surface;
    pen.textBaseline = "middle";
    pen.fillText(report.broken.kind, x, height / 2 - 12);
  }

  // One column that travels: grey forward, on the way back as tall as the error signal is.
  wave(pen, width, height, share, forward) {
    const depth = this.report.layers.length;
    const { left, step } = this.places(width);
    const place = forward ? share * depth : (1 - share) * depth;
    const middle = (height - BOTTOM + TOP) / 2;
    const whole = (height - BOTTOM - TOP) / 2;
    for (let tail = 0; tail < 5; tail++) {
      const at = forward ? place - tail * 0.3 : place + tail * 0.3;
      if (at < 0 || at > depth) continue;
      const decade = this.shades[between(0, Math.ceil(at) - 1, depth - 1)];
      if (Number.isNaN(decade) && !forward) continue;
      const tall = forward ? 0.5 : between(0.03, 0.5 + 0.09 * decade, 1);
      pen.globalAlpha = (forward ? 0.4 : 0.95) * (1 - tail / 5);
      pen.fillStyle = forward ? this.colors.muted : tint(decade, this.colors);
      const thick = forward ? 3 : between(2, 5 + 0.8 * decade, 12);
      pen.beginPath();
      pen.roundRect(left + at * step - thick / 2, middle - tall * whole, thick, 2 * tall * whole, thick / 2);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }
}
