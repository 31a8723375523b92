"use strict";
(() => {
  const main = document.querySelector("[data-live]");
  const every = 2000;
  const shown = {};
  main.querySelectorAll("[data-part]").forEach((part) => { shown[part.dataset.part] = part.outerHTML; });
  let tag = "";
  let wait = every;

  function flash(before, after) {
    const old = before.querySelectorAll("data");
    after.querySelectorAll("data").forEach((value, index) => {
      if (old[index] && old[index].value !== value.value) value.classList.add("changed");
    });
  }

  // A new plot is loaded before it is shown, so that nothing blinks.
  function loaded(part) {
    const narrow = matchMedia("(max-width: 700px)").matches;
    return Promise.allSettled([...part.querySelectorAll("picture")].map((picture) => {
      const image = new Image();
      image.src = narrow ? picture.querySelector("source").srcset : picture.querySelector("img").getAttribute("src");
      return image.decode();
    }));
  }

  async function show(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const after of page.querySelectorAll("[data-part]")) {
      const named = `[data-part="${after.dataset.part}"]`;
      if (shown[after.dataset.part] === after.outerHTML) continue;
      shown[after.dataset.part] = after.outerHTML;
      await loaded(after);
      // A table that somebody scrolls or reads with the keyboard stays where it is.
      const before = main.querySelector(named);
      const boxes = [...before.querySelectorAll(".table")];
      const places = boxes.map((box) => [box.scrollLeft, box.scrollTop]);
      const focused = boxes.indexOf(document.activeElement);
      flash(before, after);
      before.replaceWith(document.importNode(after, true));
      [...main.querySelectorAll(`${named} .table`)].forEach((box, index) => {
        box.scrollTo(...(places[index] || [0, 0]));
        if (index === focused) box.focus({ preventScroll: true });
      });
    }
  }

  async function ask() {
    try {
      if (!document.hidden) {
        const answer = await fetch(main.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
        if (answer.status === 200) {
          tag = answer.headers.get("ETag") || "";
          await show(await answer.text());
        }
        wait = answer.status === 429 || answer.status >= 500 ? Math.min(wait * 2, 60000) : every;
      }
    } catch {
      wait = Math.min(wait * 2, 60000);
    }
    setTimeout(ask, wait);
  }

  setTimeout(ask, every);
})();
