// The parts of the page: patients, the net, buttons, controls, charts, the challenge.

import { challenge } from "./challenge.js";
import { control } from "./controls.js";
import { make } from "./dom.js";
import { DEFAULTS, PATIENTS } from "./settings.js";

const NET = ["depth", "width", "activation", "initialization", "gain", "skip", "norm"];
const TRAINING = ["optimizer", "rate", "clip", "threshold", "bias", "precision", "pace"];

const key = (kind, text) => make("span", { class: `pg-key pg-key-${kind}` }, text);

function chart(title, ...legend) {
  const canvas = make("canvas", { class: "pg-chart", role: "img", "aria-label": title });
  const caption = make("figcaption", {}, make("b", {}, title), ...legend.flatMap((l) => [" ", l]));
  return [make("figure", { class: "pg-figure" }, caption, canvas), canvas];
}

/** Build everything; returns the elements and what the playground must reach of them. */
export function page(playground) {
  const { small } = playground;
  const prefix = small ? "pg-small" : "pg";
  const canvas = make("canvas", { class: "pg-net", role: "img", "aria-label": "The net" });
  const numbers = make("p", { class: "pg-numbers" });
  const verdict = make("p", { class: "pg-verdict" });
  const layer = make("p", { class: "pg-layer" });
  const live = make("div", { class: "pg-live", "aria-live": "polite" });
  const train = make("button", { type: "button", class: "pg-button pg-main", click: () => {
    if (playground.running) playground.pause();
    else playground.run();
  } }, "Train");
  const step = make("button", { type: "button", class: "pg-button", click: () => playground.step() }, "One step");
  const again = make("button", { type: "button", class: "pg-button", click: () => {
    playground.pause();
    playground.change({ seed: playground.settings.seed + 1 }, { anew: true });
  } }, "New weights");
  const restart = make("button", { type: "button", class: "pg-button", click: () => {
    playground.pause();
    playground.change({}, { anew: true });
  } }, "Back to step 0");
  const look = lookAt(playground, prefix, canvas);
  const controls = {};
  const group = (title, names) => make("fieldset", { class: "pg-group" }, make("legend", {}, title),
    ...names.map((name) => {
      controls[name] = control(name, prefix, (value) => {
        sick.forget();
        playground.change({ [name]: value });
      });
      return controls[name].element;
    }));
  const sick = patients(playground, small);
  const groups = small
    ? [make("div", { class: "pg-group pg-few" }, ...group("", ["depth", "gain"]).querySelectorAll(".pg-control"))]
    : [group("The net", NET), group("Its training", TRAINING)];
  const buttons = make("div", { class: "pg-buttons" }, train, step, ...(small ? [] : [restart]), again);
  const elements = [
    sick.element, canvas, make("div", { class: "pg-state" }, verdict, numbers),
    ...(small ? [...groups, buttons] : [buttons, ...groups, look.element, layer]), live,
  ];
  const parts = {
    elements, canvas, numbers, verdict, layer, live,
    show(settings) {
      for (const [name, one] of Object.entries(controls)) one.show(settings[name]);
      controls.threshold?.lock(settings.clip === "none");
    },
    running(running) {
      train.textContent = running ? "Pause" : "Train";
    },
    // The picture is still that of the settings before.
    computing(on) {
      canvas.classList.toggle("pg-old", on);
      if (on) numbers.textContent = "computing …";
    },
    select: look.select,
  };
  if (small) return parts;
  const contest = challenge(playground, controls, sick);
  parts.finished = contest.finished;
  const [back, backCanvas] = chart("On the way back", key("tint", "error signal"), key("other", "gradient of the weights"));
  const [forward, forwardCanvas] = chart("On the way forward", key("ink", "size of the signal"));
  const [update, updateCanvas] = chart("Update : weights", key("ink", "of the last step"), key("band", "what is usual"));
  const [progress, progressCanvas] = chart("Learning", key("ink", "loss of each batch"), key("other", "test digits right"));
  parts.charts = { back: backCanvas, forward: forwardCanvas, update: updateCanvas, progress: progressCanvas };
  elements.splice(elements.indexOf(look.element), 0, make("div", { class: "pg-charts" }, back, forward, update, progress));
  elements.push(contest.element);
  return parts;
}

// The layer whose numbers are told: by slider, or by a finger on the net.
function lookAt(playground, prefix, canvas) {
  const id = `${prefix}-look`;
  const slider = make("input", { type: "range", id, min: 1, max: 1, step: 1, autocomplete: "off",
    input: () => playground.select(Number(slider.value) - 1) });
  const value = make("span", { class: "pg-value", "aria-hidden": "true" });
  const touch = (event) => {
    if (event.type === "pointerdown" || event.buttons) playground.select(playground.picture.drawing.layerAt(event.offsetX));
  };
  canvas.addEventListener("pointerdown", touch);
  canvas.addEventListener("pointermove", touch);
  return {
    element: make("div", { class: "pg-control pg-look" }, make("label", { for: id }, "look at layer"), value, slider),
    select(layer, depth) {
      slider.max = depth;
      slider.value = layer + 1;
      slider.setAttribute("aria-valuetext", `layer ${layer + 1} of ${depth}`);
      value.textContent = layer + 1;
    },
  };
}

// What breaks a net and what heals it: one button each, and after it the cure.
function patients(playground, small) {
  const names = small ? ["vanishing", "exploding", "dead"] : Object.keys(PATIENTS);
  const hint = "Choose one, or change what you like below.";
  const story = make("p", { class: "pg-story" }, hint);
  const heal = make("button", { type: "button", class: "pg-button pg-heal", hidden: true }, "Heal it");
  let chosen = null;
  const choose = (name, healed) => {
    const { how, cure, says, healed: said, chapter: [page, title] } = PATIENTS[name];
    chosen = name;
    playground.replace({ ...how, ...(healed ? cure : {}) });
    for (const [other, button] of Object.entries(buttons)) {
      button.setAttribute("aria-pressed", String(other === name));
    }
    const link = make("a", { href: `../notebooks/${page}.html` }, title);
    story.replaceChildren(`${healed ? said : says} The chapter: `, link, ".");
    heal.hidden = false;
    heal.textContent = healed ? "Break it again" : "Heal it";
    heal.onclick = () => {
      choose(name, !healed);
      playground.run();
    };
  };
  const buttons = Object.fromEntries(names.map((name) => [name, make("button", {
    type: "button", class: "pg-button", "aria-pressed": "false", click: () => {
      choose(name, false);
      playground.run();
    },
  }, PATIENTS[name].label)]));
  const healthy = make("button", { type: "button", class: "pg-button", click: () => {
    sick.forget();
    playground.replace(DEFAULTS);
  } }, "Healthy");
  const sick = {
    element: make("div", { class: "pg-patients" },
      make("div", { class: "pg-buttons", role: "group", "aria-label": "Break it" },
        make("span", { class: "pg-lead" }, "Break it:"), ...Object.values(buttons), healthy),
      make("div", { class: "pg-cure" }, heal, story)),
    forget() {
      if (!chosen) return;
      buttons[chosen].setAttribute("aria-pressed", "false");
      chosen = null;
      heal.hidden = true;
      story.textContent = hint;
    },
  };
  return sick;
}
