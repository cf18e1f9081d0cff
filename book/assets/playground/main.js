// The playground: what the reader sets goes to the worker, what it reports is drawn and said.

import { make } from "./dom.js";
import { page } from "./page.js";
import { Picture } from "./picture.js";
import { DEFAULTS, fromAddress, toAddress } from "./settings.js";
import { verdict } from "./words.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SOON = 100; // milliseconds that an answer may take before the page says that it computes

export class Playground {
  /** @param {HTMLElement} root the place on the page; data-form="small" for the first page */
  constructor(root) {
    const small = root.dataset.form === "small";
    Object.assign(this, { root, small, turn: 0, selected: 0, losses: [], accuracies: [] });
    this.settings = fromAddress(small ? (root.dataset.state ?? "") : location.hash);
    this.parts = page(this);
    root.replaceChildren(...this.parts.elements);
    this.picture = new Picture(root, this.parts);
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.watch();
    this.change({}, { quiet: true });
  }

  // What else makes a new picture: another size, other colours, another address.
  watch() {
    const again = () => {
      this.picture.recolor();
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
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.parts.computing(true), SOON);
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
    clearTimeout(this.soon);
    this.parts.computing(false);
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
    if (!calm.matches) this.picture.pulse(this.running);
  }

  draw() {
    if (!this.report) return;
    this.picture.still = calm.matches;
    const { report, settings, selected, running, losses, accuracies } = this;
    this.picture.show({ report, settings, selected, running, losses, accuracies });
  }
}

for (const root of document.querySelectorAll(".pg")) {
  try {
    root.playground = new Playground(root);
  } catch (error) {
    root.replaceChildren(make("p", {}, `The playground does not run in this browser: ${error.message}`));
  }
}
