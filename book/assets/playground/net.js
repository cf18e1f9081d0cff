// A deep net whose forward and backward pass are written out, as lessons.networks.mlp builds it.
//
//   z = W h + b,  y = norm(z),  a = f(y),  h′ = a  or, with a skip connection,  h + scale · a
//
// The last layer puts out its z; the loss is the mean cross-entropy.

import { ACTIVATIONS } from "./activations.js";
import { initialize, random } from "./initialization.js";
import { affine, backward, gradients, norm } from "./kernels.js";
import { normalize, normalizeBack } from "./normalize.js";

export const NORMS = { none: "none", batch: "BatchNorm", layer: "LayerNorm" };
export const SKIPS = { none: "none", plain: "h + a", scaled: "h + a/√depth" };

export class Net {
  /**
   * @param {object} how depth, width, activation, initialization, gain, norm, skip, bias (of the
   *   hidden layers at the start), seed, inputs, outputs
   * @param {Function} Real Float64Array, or Float32Array: then every number that is stored,
   *   activations and gradients too, is rounded to float32 (sums are kept in float64)
   */
  constructor(how, Real = Float64Array) {
    Object.assign(this, { inputs: 64, outputs: 10, bias: 0, seed: 0 }, how, { Real });
    const source = random(this.seed + 1);
    this.layers = Array.from({ length: this.depth }, (_, l) => this.build(l, source));
    const { f, slope, rounded } = ACTIVATIONS[this.activation];
    [this.f, this.slope] = [f, Real === Float32Array && rounded ? rounded : slope];
    this.scale = this.skip === "scaled" ? 1 / Math.sqrt(this.depth) : 1;
    this.room = 0;
  }

  build(l, source) {
    const { Real, width, depth } = this;
    const inputs = l === 0 ? this.inputs : width;
    const hidden = l < depth - 1;
    const outputs = hidden ? width : this.outputs;
    const layer = { inputs, outputs, hidden, normed: hidden && this.norm !== "none" };
    layer.skip = hidden && this.skip !== "none" && inputs === outputs;
    layer.weight = initialize(
      new Real(inputs * outputs), outputs, inputs, this.initialization, this.gain, source,
    );
    layer.bias = new Real(outputs).fill(hidden && !layer.normed ? this.bias : 0);
    layer.dWeight = new Real(inputs * outputs);
    layer.dBias = new Real(outputs);
    if (layer.normed) {
      layer.gamma = new Real(outputs).fill(1);
      layer.beta = new Real(outputs).fill(this.bias);
      [layer.dGamma, layer.dBeta] = [new Real(outputs), new Real(outputs)];
    }
    return layer;
  }

  /** All parameters with their gradients: [values, gradient, layer], matrices first in a layer. */
  parameters() {
    return this.layers.flatMap((layer, l) => {
      const found = [[layer.weight, layer.dWeight, l], [layer.bias, layer.dBias, l]];
      if (layer.normed) found.push([layer.gamma, layer.dGamma, l], [layer.beta, layer.dBeta, l]);
      return found;
    });
  }

  // Buffers for n samples.
  reserve(n) {
    if (n <= this.room) return;
    const { Real } = this;
    for (const layer of this.layers) {
      const size = n * layer.outputs;
      layer.z = new Real(size); // before the normalisation
      layer.y = layer.normed ? new Real(size) : layer.z; // what the activation gets
      layer.h = layer.hidden ? new Real(size) : layer.z;
      layer.d = new Real(size); // first ∂C/∂h, in the end ∂C/∂z
      if (layer.normed) [layer.hat, layer.scale] = [new Real(size), new Real(Math.max(n, layer.outputs))];
    }
    this.room = n;
  }

  /** Send n samples (n × inputs) forward; return the answers (n × outputs). */
  forward(x, n) {
    this.reserve(n);
    const { f } = this;
    let h = x;
    for (const layer of this.layers) {
      const { inputs, outputs, z, y, hidden } = layer;
      affine(h, layer.weight, layer.bias, z, n, inputs, outputs);
      if (layer.normed) normalize(this.norm, z, y, n, outputs, layer);
      if (hidden) {
        const size = n * outputs;
        if (layer.skip) for (let i = 0; i < size; i++) layer.h[i] = h[i] + this.scale * f(y[i]);
        else for (let i = 0; i < size; i++) layer.h[i] = f(y[i]);
      }
      h = layer.h;
    }
    [this.x, this.n] = [x, n];
    return h;
  }

  /** The mean cross-entropy of the last forward pass; leaves ∂C/∂z of the last layer in place. */
  loss(labels) {
    const { n, outputs } = this;
    const { z, d } = this.layers.at(-1);
    let total = 0;
    for (let i = 0; i < n; i++) {
      const at = i * outputs;
      let most = -Infinity;
      for (let o = 0; o < outputs; o++) if (!(z[at + o] <= most)) most = z[at + o];
      let sum = 0;
      for (let o = 0; o < outputs; o++) sum += Math.exp(z[at + o] - most);
      total += Math.log(sum) + most - z[at + labels[i]];
      for (let o = 0; o < outputs; o++) {
        d[at + o] = (Math.exp(z[at + o] - most) / sum - (o === labels[i] ? 1 : 0)) / n;
      }
    }
    return total / n;
  }

  /** The backward pass: every gradient, from the last layer to the first. */
  backward() {
    const { n, slope } = this;
    for (let l = this.depth - 1; l >= 0; l--) {
      const layer = this.layers[l];
      const { inputs, outputs, y, d, hidden } = layer;
      const size = n * outputs;
      const passed = layer.skip ? d.slice(0, size) : null; // what goes around the layer
      if (hidden) {
        const scale = layer.skip ? this.scale : 1;
        for (let i = 0; i < size; i++) d[i] *= scale * slope(y[i]);
      }
      if (layer.normed) normalizeBack(this.norm, d, n, outputs, layer);
      const before = this.layers[l - 1];
      gradients(d, before ? before.h : this.x, layer.dWeight, layer.dBias, n, inputs, outputs);
      if (!before) break;
      backward(d, layer.weight, before.d, n, inputs, outputs);
      if (passed) for (let i = 0; i < size; i++) before.d[i] += passed[i];
    }
  }

  /** What a reader sees of the last two passes, by layer: norms, and the share of dead neurons. */
  look() {
    const { n, slope } = this;
    let input = this.x;
    return this.layers.map((layer) => {
      const seen = {
        signal: norm(input, n * layer.inputs) / Math.sqrt(n * layer.inputs),
        error: norm(layer.d, n * layer.outputs),
        gradient: norm(layer.dWeight),
        weight: norm(layer.weight),
        dead: layer.hidden ? dead(layer.y, n, layer.outputs, slope) : 0,
      };
      input = layer.h;
      return seen;
    });
  }
}

/** The share of neurons whose slope is 0 for every sample. */
function dead(y, n, size, slope) {
  let count = 0;
  for (let o = 0; o < size; o++) {
    let alive = false;
    for (let i = o; i < n * size && !alive; i += size) alive = slope(y[i]) !== 0;
    if (!alive) count++;
  }
  return count / size;
}
