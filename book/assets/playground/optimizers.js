// Clipping and the step, as PyTorch computes them.

import { norm } from "./kernels.js";

export const OPTIMIZERS = { sgd: "SGD", momentum: "SGD, momentum 0.9", adam: "Adam" };
export const CLIPS = { none: "none", norm: "global norm", value: "each element" };

/** Cut the gradients in place; return the norm of all of them before. */
export function clip(parameters, kind, threshold) {
  const total = norm(parameters.map(([, gradient]) => norm(gradient)));
  if (kind === "norm") {
    const factor = Math.min(1, threshold / (total + 1e-6)); // NaN stays NaN
    for (const [, g] of parameters) for (let i = 0; i < g.length; i++) g[i] *= factor;
  } else if (kind === "value") {
    for (const [, g] of parameters) {
      for (let i = 0; i < g.length; i++) g[i] = Math.max(-threshold, Math.min(threshold, g[i]));
    }
  }
  return total;
}

/** Changes parameters by their gradients; what it remembers begins anew with another name. */
export class Optimizer {
  constructor(parameters) {
    Object.assign(this, { parameters, name: null });
  }

  /** One step; returns the norm of the change of each parameter. */
  step(name, rate) {
    if (name !== this.name) {
      Object.assign(this, { name, count: 0 });
      const zeros = () => this.parameters.map(([values]) => new values.constructor(values.length));
      this.first = name === "sgd" ? null : zeros();
      this.second = name === "adam" ? zeros() : null;
    }
    this.count++;
    return this.parameters.map((parameter, p) => {
      if (name === "adam") return this.adam(parameter, p, rate);
      return this.descend(parameter, this.first?.[p], rate);
    });
  }

  descend([values, gradient], velocity, rate) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      let change = gradient[i];
      if (velocity) change = velocity[i] = 0.9 * velocity[i] + change;
      change *= rate;
      values[i] -= change;
      sum += change * change;
    }
    return Math.sqrt(sum);
  }

  adam([values, gradient], p, rate) {
    const [m, v] = [this.first[p], this.second[p]];
    const size = rate / (1 - 0.9 ** this.count);
    const correction = Math.sqrt(1 - 0.999 ** this.count);
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      const change = (size * m[i]) / (Math.sqrt(v[i]) / correction + 1e-8);
      values[i] -= change;
      sum += change * change;
    }
    return Math.sqrt(sum);
  }
}
