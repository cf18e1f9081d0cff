// The challenge: fifty layers that do not learn; 200 steps to show that yours do.

import { make } from "./dom.js";
import { CHALLENGE } from "./settings.js";

const KEY = "playground-best";

// A browser may forbid it; then nothing is kept.
function best(score) {
  try {
    const known = Number(localStorage.getItem(KEY) ?? 0);
    if (score > known) localStorage.setItem(KEY, score);
    return Math.max(known, score);
  } catch {
    return score;
  }
}

/** The part of the page; finished(report, accuracy) is called when a training has ended. */
export function challenge(playground, controls, sick) {
  const { steps, levels, fixed, start } = CHALLENGE;
  let open = false;
  let counting = false;
  const go = make("button", { type: "button", class: "pg-button pg-main" }, "Take the challenge");
  const leave = make("button", { type: "button", class: "pg-button", hidden: true }, "Leave it");
  const said = make("p", { class: "pg-score", "aria-live": "polite" });
  const marks = levels.map(({ text }) => make("li", {}, text));
  const turn = (on) => {
    open = on;
    leave.hidden = !on;
    go.textContent = on ? `Train ${steps} steps` : "Take the challenge";
    for (const name of fixed) controls[name].lock(on);
  };
  go.addEventListener("click", () => {
    if (!open) {
      sick.forget();
      playground.replace(start);
      turn(true);
      said.textContent = `This net has ${start.depth} layers and learns nothing. Change it above (all but its size), then train.`;
      return;
    }
    playground.pause();
    playground.change(Object.fromEntries(fixed.map((name) => [name, start[name]])), { anew: true });
    counting = true;
    said.textContent = "Training …";
    playground.run(steps);
  });
  leave.addEventListener("click", () => {
    turn(false);
    said.textContent = "";
  });
  return {
    element: make("section", { class: "pg-challenge", "aria-labelledby": "pg-challenge-title" },
      make("h2", { id: "pg-challenge-title" }, "The challenge: make 50 layers learn"),
      make("p", {}, `You have ${steps} steps. Your score is the share of test digits that are right then, in per cent.`),
      make("ol", { class: "pg-levels" }, ...marks),
      make("div", { class: "pg-buttons" }, go, leave), said),
    finished(report, accuracy) {
      if (!counting) return;
      counting = false;
      if (!report.broken && report.steps < steps) {
        said.textContent = `Paused at step ${report.steps}: that does not count. Train again.`;
        return;
      }
      const score = report.broken ? 0 : Math.floor(100 * accuracy + 1e-9);
      levels.forEach(({ reached }, l) => reached(score, playground.settings) && (marks[l].className = "pg-reached"));
      const count = levels.filter(({ reached }) => reached(score, playground.settings)).length;
      const how = report.broken ? `It broke at step ${report.broken.step}: 0 points.` : `${score} points.`;
      said.textContent = `${how} ${count} of ${levels.length} levels reached. Your best: ${best(score)}.`;
    },
  };
}
