// Interactive figures: a control chooses among stored frames. Loaded on pages that have one.
"use strict";
(() => {
  // A file of frames calls this. Unlike a request, a script can be loaded from a folder too.
  window.lessonsFrames = (frames) => document.currentScript.give(frames);

  function load(address) {
    return new Promise((give, fail) => {
      const script = document.createElement("script");
      Object.assign(script, { src: address, give, onerror: fail });
      document.head.append(script);
    });
  }

  function wake(explorer) {
    const controls = [...explorer.querySelectorAll("input, select")];
    const figure = explorer.querySelector(".lessons-explore-figure");
    const inside = explorer.querySelector("script[type='application/json']");
    const sizes = { wide: figure.querySelector("img"), narrow: figure.querySelector("source") };
    const phone = window.matchMedia(sizes.narrow?.media ?? "not all");
    const films = {};
    let turn = 0;

    // The frames for this screen: in the page itself, or in a file that is loaded once.
    const kind = () => (phone.matches ? "narrow" : "wide");
    const frames = (which) =>
      (films[which] ??= inside ? JSON.parse(inside.textContent)[which] : load(explorer.dataset[which]));

    // Frames share their pieces: each is a walk through them (see Film.packed in lessons.explore).
    function unpack({ parts, frames }, position) {
      const [alt, jumps] = frames[position];
      let place = -1;
      return [alt, jumps.map((jump) => parts[(place += jump + 1)]).join("")];
    }

    const count = (c) => (c.options ? c.options.length : Number(c.max) + 1);
    const place = (c) => (c.options ? c.selectedIndex : Number(c.value));

    async function show() {
      const mine = ++turn;
      const which = kind();
      const position = controls.reduce((sum, c) => sum * count(c) + place(c), 0);
      const [alt, address] = unpack(await frames(which), position);
      const picture = new Image(sizes[which].width, sizes[which].height);
      Object.assign(picture, { alt, src: address, style: sizes.wide.style.cssText });
      await picture.decode().catch(() => {});
      if (mine === turn) figure.replaceChildren(picture); // else the reader has moved on
    }

    function say(slider) {
      const text = JSON.parse(slider.dataset.texts)[slider.value];
      slider.setAttribute("aria-valuetext", text);
      slider.nextElementSibling.textContent = text;
    }

    for (const control of controls) {
      control.disabled = false;
      control.addEventListener("input", () => {
        if (control.type === "range") say(control);
        show();
      });
    }
    phone.addEventListener("change", () => turn && show());
    // A screen reader says the alt text of the figure that a control has brought.
    figure.setAttribute("aria-live", "polite");
    // The frames come when the reader comes near.
    const near = (seen, watcher) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      frames(kind());
    };
    new IntersectionObserver(near, { rootMargin: "300px" }).observe(explorer);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".lessons-explore").forEach(wake);
  });
})();
