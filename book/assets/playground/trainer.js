// Training on the digits: batches, one step, the test digits, and where the first nan came from.

import { random } from "./initialization.js";
import { norm } from "./kernels.js";
import { Net } from "./net.js";
import { clip, Optimizer } from "./optimizers.js";

export const REALS = { float32: Float32Array, float64: Float64Array };
export const BATCH = 32;

const unpacked = new Map();

/** The digits from their text: one letter a pixel, 0 to 16 in base 17; standardized as in lessons.data. */
export function unpack({ pixels, labels, train }, Real) {
  const raw = Float64Array.from(pixels, (letter) => parseInt(letter, 17));
  const known = raw.subarray(0, train * 64);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(square / known.length);
  const x = Real.from(raw, (value) => (value - mean) / deviation);
  const y = Uint8Array.from(labels, Number);
  return {
    trainX: x.subarray(0, train * 64),
    trainY: y.subarray(0, train),
    testX: x.subarray(train * 64),
    testY: y.subarray(train),
  };
}

/** Settings that make a net; the others may change while it trains. */
export const OF_THE_NET = [
  "depth", "width", "activation", "initialization", "gain", "skip", "norm", "bias", "seed", "precision",
];

export class Trainer {
  /**
   * @param {object} settings those of Net, and precision, optimizer, rate, clip, threshold
   * @param {object} digits as they are stored
   */
  constructor(settings, digits) {
    const Real = REALS[settings.precision];
    this.settings = settings;
    if (!unpacked.has(Real)) unpacked.set(Real, unpack(digits, Real));
    this.data = unpacked.get(Real);
    this.net = new Net(settings, Real);
    this.optimizer = new Optimizer(this.net.parameters());
    this.source = random(settings.seed + 1000);
    this.x = new Real(BATCH * this.net.inputs);
    this.y = new Uint8Array(BATCH);
    Object.assign(this, { steps: 0, order: [], broken: null, updates: null });
    this.draw();
    this.pass();
  }

  /** Put the next batch into place; each round through the digits is shuffled. */
  draw() {
    const { trainX, trainY } = this.data;
    const size = this.net.inputs;
    if (this.order.length < BATCH) {
      this.order = Array.from(trainY.keys());
      for (let i = this.order.length - 1; i > 0; i--) {
        const j = this.source.below(i + 1);
        [this.order[i], this.order[j]] = [this.order[j], this.order[i]];
      }
    }
    for (let i = 0; i < BATCH; i++) {
      const sample = this.order.pop();
      this.x.set(trainX.subarray(sample * size, (sample + 1) * size), i * size);
      this.y[i] = trainY[sample];
    }
  }

  /** Forward and backward on the batch in place. */
  pass() {
    this.net.forward(this.x, BATCH);
    this.loss = this.net.loss(this.y);
    this.net.backward();
    this.broken ??= this.breakdown();
  }

  /** Change the weights by the gradients that are there, then pass with the next batch. */
  step() {
    const { optimizer, rate, clip: kind, threshold } = this.settings;
    this.length = clip(this.optimizer.parameters, kind, threshold);
    const changes = this.optimizer.step(optimizer, rate);
    this.updates = [];
    this.optimizer.parameters.forEach(([, , l], p) => {
      this.updates[l] ??= changes[p]; // the matrix is the first of its layer
    });
    this.steps++;
    this.draw();
    this.pass();
  }

  /** Where numbers stopped being finite: the first layer forward, else the last one backward. */
  breakdown() {
    const { net, steps } = this;
    const finite = (values, count) => Number.isFinite(norm(values, count));
    const said = (where, l, values) => ({ step: steps, where, layer: l + 1, kind: kind(values) });
    if (Number.isFinite(this.loss) && net.layers.every((layer) => finite(layer.dWeight))) return null;
    for (const [l, layer] of net.layers.entries()) {
      if (!finite(layer.weight)) return said("weights", l, layer.weight);
    }
    for (const [l, layer] of net.layers.entries()) {
      const count = BATCH * layer.outputs;
      for (const values of [layer.z, layer.y, layer.h]) {
        if (!finite(values, count)) return said("forward", l, values.subarray(0, count));
      }
    }
    if (!Number.isFinite(this.loss)) return said("loss", net.depth - 1, [this.loss]);
    for (let l = net.depth - 1; l >= 0; l--) {
      const { d, dWeight, outputs } = net.layers[l];
      if (!finite(d, BATCH * outputs)) return said("backward", l, d.subarray(0, BATCH * outputs));
      if (!finite(dWeight)) return said("backward", l, dWeight);
    }
    return null;
  }

  /** What there is to see now. The test digits come last: they take the place of the batch. */
  report(test) {
    const layers = this.net.look();
    layers.forEach((layer, l) => (layer.update = this.updates?.[l] / layer.weight));
    const { steps, loss, length, broken } = this;
    return { steps, loss, length, broken, layers, test: test ? this.test() : null };
  }

  // Loss and accuracy on the test digits. A normalisation takes their own mean and variance.
  test() {
    const { testX, testY } = this.data;
    const answers = this.net.forward(testX, testY.length);
    const loss = this.net.loss(testY);
    let right = 0;
    for (let i = 0; i < testY.length; i++) {
      let best = 0;
      for (let o = 1; o < 10; o++) if (answers[i * 10 + o] > answers[i * 10 + best]) best = o;
      if (best === testY[i] && Number.isFinite(answers[i * 10 + best])) right++;
    }
    return { loss, accuracy: right / testY.length };
  }
}

function kind(values) {
  return Array.from(values).some(Number.isNaN) ? "nan" : "inf";
}
