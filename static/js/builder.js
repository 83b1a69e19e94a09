// What somebody chooses or types while a request of the builder is on its way outlives the answer that replaces it.
(() => {
  "use strict";
  const fields = (root) => [...root.querySelectorAll("input[id]:not([type=hidden]), select[id], textarea[id]")];
  const written = (field) => field.options ? ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value : field.defaultValue;
  const isBuilder = (event) => event.detail.target?.id === "builder";
  let sent = new Map(), kept = [], open = [];

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isBuilder(event)) sent = new Map(fields(event.detail.elt).map((field) => [field.id, field.value]));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isBuilder(event)) return;
    const known = (field) => sent.get(field.id) ?? written(field);
    kept = fields(event.detail.target).filter((field) => field.value !== known(field)).map((field) => [field.id, known(field), field.value]);
    open = [...event.detail.target.querySelectorAll("details[open] > summary[id]")].map((summary) => summary.id);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const id of open.splice(0)) document.getElementById(id)?.parentElement.setAttribute("open", "");
    for (const [id, before, value] of kept.splice(0)) {
      const field = document.getElementById(id);
      if (!field || written(field) !== before || field.value === value) continue; // another row has this place now
      field.value = value;
      for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true })); // what is sent by a change is sent
    }
  });
})();
