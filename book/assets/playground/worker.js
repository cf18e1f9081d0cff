// Trains beside the page, so that the page never waits. See main.js for what is asked and answered.

import { DIGITS } from "./digits.js";
import { OF_THE_NET, Trainer } from "./trainer.js";

const TEST_EVERY = 20; // steps between two looks at the test digits
const MOST_STEPS = 5000;
const PATIENCE = 25; // milliseconds of work before messages are read again
const PAUSE = 60; // milliseconds between two reports

let trainer, turn, timer, limit, next, told, latest, losses, accuracies;

function report(running) {
  if (trainer.net.x === trainer.x) {
    const test = trainer.steps > 0 && (trainer.steps % TEST_EVERY === 0 || over());
    latest = trainer.report(test);
    if (latest.test) accuracies.push([latest.steps, latest.test.accuracy]);
  }
  postMessage({ ...latest, turn, running, losses, accuracies });
  [losses, accuracies, told] = [[], [], performance.now()];
}

function step() {
  trainer.step();
  losses.push(trainer.loss);
}

const over = () => Boolean(trainer.broken) || trainer.steps >= limit;

function work() {
  const { pace } = trainer.settings;
  const start = performance.now();
  const most = pace > 0 ? 1 : Infinity;
  for (let count = 0; count < most && performance.now() - start < PATIENCE; count++) {
    step();
    if (over()) return stop();
    if (trainer.steps % TEST_EVERY === 0) report(true);
  }
  if (performance.now() - told > PAUSE) report(true);
  const now = performance.now();
  next = pace > 0 ? Math.max(next + 1000 / pace, now - 100) : now;
  timer = setTimeout(work, Math.max(0, next - now));
  return null;
}

function stop() {
  clearTimeout(timer);
  timer = null;
  report(false);
}

function begin(settings) {
  clearTimeout(timer);
  timer = null;
  trainer = new Trainer(settings, DIGITS);
  [losses, accuracies, limit] = [[trainer.loss], [], MOST_STEPS];
}

const ASKED = {
  /** A net, new or with other settings of its training. */
  set({ settings, anew }) {
    const same = trainer && !anew && OF_THE_NET.every((n) => settings[n] === trainer.settings[n]);
    if (same) trainer.settings = settings;
    else begin(settings);
    if (!same || !timer) report(Boolean(timer));
  },
  run({ steps }) {
    if (steps) limit = trainer.steps + steps;
    else limit = MOST_STEPS;
    clearTimeout(timer);
    next = told = performance.now();
    if (over()) stop();
    else timer = setTimeout(work, 0);
  },
  pause: stop,
  step() {
    clearTimeout(timer);
    timer = null;
    if (!over()) step();
    report(false);
  },
};

// A slider that is drawn asks faster than a large net answers: of settings that wait, the last count.
// After settings the page says anew whether to run.
let asked = [];

function answer() {
  const waiting = asked;
  asked = [];
  waiting.forEach((one, i) => {
    const next = waiting.slice(i + 1).find(({ ask }) => ask !== "run");
    if (next?.ask === "set" && ["set", "run"].includes(one.ask)) next.anew ||= one.anew;
    else {
      turn = one.turn;
      ASKED[one.ask](one);
    }
  });
}

onmessage = ({ data }) => {
  if (asked.push(data) === 1) setTimeout(answer, 0);
};
