/** Make an element: its name, attributes (functions become listeners), children. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** A slider over a list of values, with its label and its value; `changed(value)` hears of moves. */
export function slider(id, label, values, value, changed, say = String) {
  const field = make("input", {
    type: "range", id, min: 0, max: values.length - 1, step: 1, value: values.indexOf(value), autocomplete: "off",
  });
  const output = make("span", { class: "pg-value", "aria-hidden": "true" });
  const tell = () => {
    const text = say(values[Number(field.value)]);
    output.textContent = text;
    field.setAttribute("aria-valuetext", text);
  };
  field.addEventListener("input", () => {
    tell();
    changed(values[Number(field.value)]);
  });
  tell();
  const element = make("div", { class: "pg-control" }, make("label", { for: id }, label), output, field);
  return {
    element,
    show(now) {
      field.value = values.indexOf(now);
      tell();
    },
  };
}
