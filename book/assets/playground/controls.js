// Native controls for the settings: a slider for a list of values, a menu for a table of names.

import { make } from "./dom.js";
import { SETTINGS, valuesOf } from "./settings.js";

/** One control; `changed(value)` is called when the reader moves it. Has show(value) and lock(). */
export function control(name, prefix, changed) {
  const { label, table } = SETTINGS[name];
  const id = `${prefix}-${name}`;
  const values = valuesOf(name);
  const field = table
    ? make("select", { id, autocomplete: "off" },
        ...Object.entries(table).map(([value, text]) => make("option", { value }, text)))
    : make("input", { type: "range", id, min: 0, max: values.length - 1, step: 1, autocomplete: "off" });
  const output = table ? "" : make("span", { class: "pg-value", "aria-hidden": "true" });
  const say = (value) => {
    if (table) return;
    output.textContent = value;
    field.setAttribute("aria-valuetext", value);
  };
  field.addEventListener("input", () => {
    const value = table ? field.value : values[Number(field.value)];
    say(value);
    changed(value);
  });
  return {
    element: make("div", { class: "pg-control" }, make("label", { for: id }, label), output, field),
    show(value) {
      field.value = table ? value : values.indexOf(value);
      say(value);
    },
    lock(locked) {
      field.disabled = locked;
    },
  };
}
