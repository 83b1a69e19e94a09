// Marks the form once a person touched the page, and sends it once.
(() => {
  "use strict";
  const mark = (event) => {
    if (!event.isTrusted) return;
    for (const field of document.querySelectorAll("input[name=gesture]")) field.value = "1";
  };
  for (const kind of ["pointerdown", "click", "keydown"]) addEventListener(kind, mark, { capture: true, passive: true });

  let sending = false;
  addEventListener("submit", (event) => {
    if (sending) return event.preventDefault();
    sending = true;
    setTimeout(() => { sending = false; }, 5000); // the network may have failed: let them try again
  });
  addEventListener("pageshow", () => { sending = false; });
})();
