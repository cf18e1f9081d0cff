// The memory strip: 30 steps in time, each as bright as the gradient that still arrives there.

import { make, slider } from "./dom.js";
import { backInTime } from "./formats.js";
import { context, mix, palette } from "./paint.js";
import { health, short } from "./words.js";

const STEPS = 30;

class Memory {
  constructor(root) {
    Object.assign(this, { root, radius: 0.9, bias: 3 });
    const set = (name) => (value) => {
      this[name] = value;
      this.paint();
    };
    const radii = [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5];
    const controls = [
      slider("pg-radius", "plain RNN: spectral radius", radii, this.radius, set("radius")),
      slider("pg-forget", "LSTM: bias of its forget gate", [-2, -1, 0, 1, 2, 3, 4, 5], this.bias, set("bias")),
    ];
    this.canvas = make("canvas", { class: "pg-net pg-memory-canvas", role: "img", "aria-label": "The memory strip" });
    this.says = make("p", { class: "pg-verdict", "aria-live": "polite" });
    root.replaceChildren(this.canvas, make("div", { class: "pg-group pg-few" }, ...controls.map((c) => c.element)), this.says);
    new ResizeObserver(() => this.paint()).observe(this.canvas);
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.paint();
  }

  paint() {
    const { plain, cell, gate } = backInTime(this.radius, this.bias, STEPS);
    const text =
      `${STEPS} steps back the gradient of the plain RNN is ${short(plain.at(-1))} times what it was; along the ` +
      `LSTM’s cell, whose forget gate stands at ${short(gate)}, ${short(cell.at(-1))} times.`;
    this.says.textContent = text;
    this.canvas.setAttribute("aria-label", `Two strips of ${STEPS + 1} steps in time. ${text}`);
    const found = context(this.canvas);
    if (!found) return;
    const { pen, width, height } = found;
    const colors = palette(this.root);
    pen.textBaseline = "middle";
    this.strip(pen, plain, `plain RNN, radius ${this.radius}`, 6, width, (height - 30) / 2, colors);
    this.strip(pen, cell, `LSTM, forget gate ${short(gate)}`, 6 + (height - 30) / 2, width, (height - 30) / 2, colors);
    pen.fillStyle = colors.muted;
    pen.textAlign = "left";
    pen.fillText(`${STEPS} steps ago`, 12, height - 12);
    pen.textAlign = "right";
    pen.fillText("now: the error", width - 12, height - 12);
  }

  // Brightness goes by powers of ten, as the eye does: at a thousandth nothing is left to see.
  strip(pen, gradients, title, top, width, tall, colors) {
    pen.fillStyle = colors.ink;
    pen.textAlign = "left";
    pen.fillText(title, 12, top + 10);
    const each = (width - 24) / gradients.length;
    gradients.forEach((gradient, back) => {
      const decade = Math.log10(gradient);
      const role = { vanishing: "vanishing", healthy: "healthy", exploding: "exploding" }[health(decade)];
      const bright = decade < 0 ? Math.max(0, 1 + decade / 3) : 1;
      pen.fillStyle = mix(colors.surface, colors[role], bright);
      pen.strokeStyle = colors.line;
      const x = width - 12 - (back + 1) * each;
      pen.fillRect(x + 0.5, top + 20, each - 1.5, tall - 26);
      pen.strokeRect(x + 0.5, top + 20, each - 1.5, tall - 26);
    });
  }
}

for (const root of document.querySelectorAll(".pg-memory")) root.memory = new Memory(root);
