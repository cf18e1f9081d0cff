// Every setting with its values, the patients with their cures, and the address that holds a net.

import { ACTIVATIONS } from "./activations.js";
import { INITIALIZATIONS } from "./initialization.js";
import { NORMS, SKIPS } from "./net.js";
import { CLIPS, OPTIMIZERS } from "./optimizers.js";

const labels = (table) => Object.fromEntries(Object.entries(table).map(([k, v]) => [k, v.label]));
const REALS = { float32: "float32", float64: "float64" };
const PACES = { 2: "2 steps a second", 30: "30 steps a second", 0: "as fast as it goes" };

/** Lists become sliders, tables become menus; `live` ones may change while the net trains. */
export const SETTINGS = {
  depth: { label: "layers", values: Array.from({ length: 50 }, (_, i) => i + 1) },
  width: { label: "neurons a layer", values: [4, 8, 16, 32, 64, 128] },
  activation: { label: "activation", table: labels(ACTIVATIONS) },
  initialization: { label: "first weights", table: INITIALIZATIONS },
  gain: {
    label: "gain of the first weights",
    values: [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2, 2.5, 3, 4, 5],
  },
  skip: { label: "skip connections", table: SKIPS },
  norm: { label: "normalisation", table: NORMS },
  bias: { label: "first biases", values: [-3, -2, -1.5, -1, -0.5, -0.2, 0, 0.2, 0.5, 1] },
  precision: { label: "numbers", table: REALS },
  optimizer: { label: "optimizer", table: OPTIMIZERS, live: true },
  rate: {
    label: "learning rate",
    values: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    live: true,
  },
  clip: { label: "clipping", table: CLIPS, live: true },
  threshold: { label: "threshold θ", values: [0.01, 0.03, 0.1, 0.25, 0.5, 1, 3, 10], live: true },
  pace: { label: "pace", table: PACES, live: true },
};

/** The healthy net of the course: 20 layers of 64 ReLU neurons, He initialization. */
export const DEFAULTS = {
  depth: 20, width: 64, activation: "relu", initialization: "he", gain: 1, skip: "none",
  norm: "none", bias: 0, precision: "float32", optimizer: "sgd", rate: 0.03, clip: "none",
  threshold: 1, pace: "30", seed: 0,
};

/** Patients: what breaks a net (`how`), what heals this one (`cure`), and the chapter to read. */
export const PATIENTS = {
  vanishing: {
    label: "A whisper",
    how: { activation: "sigmoid", initialization: "xavier" },
    cure: { activation: "relu", initialization: "he" },
    says: "Each layer of sigmoids leaves a quarter of the gradient: a millionth of a millionth arrives.",
    healed: "Another activation, with the first weights that fit it.",
    chapter: ["causes/vanishing_and_exploding", "How gradients vanish and explode"],
  },
  exploding: {
    label: "A shout",
    how: { activation: "tanh", initialization: "normal" },
    cure: { initialization: "xavier" },
    says: "First weights of size 1: each layer doubles the gradient, about.",
    healed: "Smaller first weights, Xavier’s.",
    chapter: ["causes/weights", "How large may the first weights be?"],
  },
  nan: {
    label: "nan at once",
    how: { depth: 30, width: 32, gain: 2, rate: 0.1 },
    cure: { gain: 1, optimizer: "adam", rate: 0.001 },
    says: "Twice too large, 30 times over: one step, and the next signal is too large for float32.",
    healed: "First weights of the right size, and Adam, whose steps do not grow with the gradient.",
    chapter: ["causes/weights", "How large may the first weights be?"],
  },
  wall: {
    label: "The wall",
    how: {
      depth: 5, width: 32, activation: "selu", initialization: "lecun", optimizer: "momentum", rate: 0.1,
    },
    cure: { clip: "norm", threshold: 0.5 },
    says: "It learns half of the digits. Then a step meets a wall in the loss: a gradient a hundred times as long, or more.",
    healed: "Clipping: a longer gradient is cut to the length 0.5.",
    chapter: ["fixes/clipping", "Clipping"],
  },
  batch_norm: {
    label: "BatchNorm explodes",
    how: { depth: 50, width: 32, norm: "batch", rate: 0.1 },
    cure: { skip: "scaled" },
    says: "BatchNorm keeps the signal’s size, and on the way back the gradient grows all the same, by about a quarter a layer.",
    healed: "Skip connections, each branch made small.",
    chapter: ["fixes/batch_norm", "Batch normalization"],
  },
  residual: {
    label: "Fifty faint layers",
    how: { depth: 50, width: 32, activation: "tanh", initialization: "lecun", gain: 0.5, rate: 0.1 },
    cure: { skip: "scaled" },
    says: "Weights half of LeCun’s size: of the gradient about 10⁻¹⁵ arrives at layer 1.",
    healed: "Skip connections: each layer adds to what it gets, and passes that on.",
    chapter: ["fixes/residual", "Why does adding x make 56 layers trainable?"],
  },
  dead: {
    label: "Dead ReLUs",
    how: { depth: 8, width: 32, bias: -1.5, rate: 0.1 },
    cure: { activation: "elu" },
    says: "The biases push the neurons below 0. After a few layers none has a slope, for any digit: no gradient.",
    healed: "ELU: below 0 its slope is small, not 0. About a thirtieth of the gradient arrives, and that is enough.",
    chapter: ["causes/activations", "Which activation lets the gradient through?"],
  },
};

export const CHALLENGE = {
  start: { depth: 50, width: 32, activation: "sigmoid", initialization: "xavier", rate: 0.1, pace: "0" },
  fixed: ["depth", "width"],
  steps: 200,
  levels: [
    { text: "half of the test digits right", reached: (score) => score >= 50 },
    { text: "90 % right", reached: (score) => score >= 90 },
    {
      text: "80 % right without skip connections and without normalisation",
      reached: (score, how) => score >= 80 && how.skip === "none" && how.norm === "none",
    },
  ],
};

export const valuesOf = (name) => SETTINGS[name].values ?? Object.keys(SETTINGS[name].table);

/** Settings as the end of an address, what is as usual left out: "#depth=50&skip=scaled". */
export function toAddress(settings) {
  const own = Object.entries(settings).filter(([name, value]) => value !== DEFAULTS[name]);
  return `#${new URLSearchParams(own)}`;
}

/** The settings of an address; what it does not know stays as usual. `net=` names a patient. */
export function fromAddress(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const patient = PATIENTS[given.get("net")];
  const settings = { ...DEFAULTS, ...patient?.how, ...(given.has("healed") ? patient?.cure : {}) };
  for (const name of Object.keys(SETTINGS)) {
    const found = valuesOf(name).find((value) => String(value) === given.get(name));
    if (found !== undefined) settings[name] = found;
  }
  const seed = Number(given.get("seed"));
  if (Number.isInteger(seed) && seed > 0 && seed < 1e6) settings.seed = seed;
  return settings;
}
