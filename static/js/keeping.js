// What somebody types, opens, marks or presses is not taken away by what the page loads meanwhile.
(() => {
  "use strict";
  const on = (name, act) => document.addEventListener(name, act);
  const POLL = "[data-poll], [data-hx-trigger^='every ']";
  const BUILDER = "builder"; // there an id is a place in a list, and which step is closed is the server's to say
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const fields = (root) => all(root, "input[id]:not([type=hidden], [type=file], [type=password], [readonly]), select[id], textarea[id]");
  const ticks = (field) => field.type === "checkbox" || field.type === "radio";
  const holds = (field) => ticks(field) ? field.checked : field.value;
  const chosen = (field) => [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  const written = (field) => ticks(field) ? field.defaultChecked : field.options ? chosen(field)?.value ?? "" : field.defaultValue;
  const changed = (field) => holds(field) !== written(field);
  const fill = (id, value, fits = () => true) => {
    const field = document.getElementById(id);
    if (!field || holds(field) === value || !fits(field)) return;
    field[ticks(field) ? "checked" : "value"] = value;
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true })); // what follows a change follows
  };

  // what each request was sent with, and when
  const requests = new WeakMap();
  let acts = 0, going = 0, pressed = false;
  on("htmx:beforeRequest", (event) => {
    const { elt, xhr } = event.detail, poll = elt.matches(POLL);
    if (poll && (going || document.hidden)) return event.preventDefault();
    if (!poll) { acts += 1; going += 1; xhr.addEventListener("loadend", () => { going -= 1; }); }
    requests.set(xhr, { poll, acts, sent: new Map(fields(elt.closest("form") ?? elt).map((field) => [field.id, holds(field)])) });
  });
  on("pointerdown", () => { pressed = true; });
  for (const name of ["pointerup", "pointercancel"]) on(name, () => setTimeout(() => { pressed = false; })); // after its click

  // news wait while they would pull something out of a hand: an open menu, a field, marked text, a pressed button
  const marked = (target) => { const text = getSelection(); return Boolean(text && !text.isCollapsed && text.containsNode(target, true)); };
  const typing = (target) => target.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  const used = (target) => Boolean(target.querySelector("details.menu[open]")) || typing(target) || marked(target);
  let missed = false;
  on("htmx:configRequest", (event) => { // a part that waited is told anew by the next round
    if (missed && event.detail.elt.matches(POLL)) event.detail.path = event.detail.path.replace(/([?&]v=)[^&]*/, "$1");
  });

  let kept = [], at = { sent: new Map() };
  on("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    at = requests.get(xhr) ?? { sent: new Map() };
    if (at.poll && (at.acts < acts || pressed || used(target))) { event.detail.shouldSwap = false; return; }
    if (at.poll) missed = false;
    kept = [note(target)];
  });
  on("htmx:oobBeforeSwap", (event) => {
    if (at.poll && used(event.detail.target)) { event.detail.shouldSwap = false; missed = true; return; }
    kept.push(note(event.detail.target));
  });
  on("htmx:afterSettle", () => kept.splice(0).filter(Boolean).forEach(giveBack));

  const FOCUSABLE = "a[href], button, summary, input:not([type=hidden]), select, textarea";
  const note = (target) => {
    if (!target.id) return null;
    const before = (field) => at.sent.has(field.id) ? at.sent.get(field.id) : written(field);
    const typed = fields(target).filter((field) => holds(field) !== before(field));
    return {
      id: target.id,
      typed: typed.map((field) => [field.id, holds(field), before(field)]),
      menus: typed.map((field) => field.closest("details.menu[open]")).filter(Boolean).map((menu) => all(target, "details.menu").indexOf(menu)),
      opened: all(target, target.id === BUILDER ? "details[id][open]" : "details[id]").map((part) => [part.id, part.open]),
      focus: all(target, FOCUSABLE).indexOf(document.activeElement),
      same: document.activeElement.id,
      name: document.activeElement.textContent,
    };
  };
  const giveBack = ({ id, typed, menus, opened, focus, same, name }) => {
    const target = document.getElementById(id);
    if (!target) return;
    for (const [part, open] of opened) { const now = document.getElementById(part); if (now) now.open = open; }
    for (const menu of menus) { const now = all(target, "details.menu")[menu]; if (now) now.open = true; }
    for (const [field, value, before] of typed) fill(field, value, (now) => id !== BUILDER || written(now) === before);
    if (focus < 0 || document.activeElement !== document.body) return;
    const places = all(target, FOCUSABLE).filter((place) => place.checkVisibility());
    const by = (what, value) => value && places.find((place) => place[what] === value); // a field has no words of its own
    (by("id", same) || by("textContent", name) || places[Math.min(focus, places.length - 1)])?.focus({ preventScroll: true });
  };

  // a form that is sent many times is empty again once it was taken, but for what was added meanwhile
  on("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form[data-reset]"), sent = requests.get(event.detail.xhr)?.sent;
    if (!form || !sent || !event.detail.successful) return;
    for (const field of fields(form)) {
      const before = sent.get(field.id);
      if (field.value.startsWith(before)) field.value = field.value.slice(before.length).trimStart();
    }
  });

  // logged out meanwhile, or open too long: what was typed is here again after the login or the reload, for who typed it
  const place = "typed:" + location.pathname, THROUGH_LOGIN = "typed";
  const store = () => {
    const typed = fields(document).filter(changed).map((field) => [field.id, holds(field)]);
    if (typed.length) sessionStorage.setItem(place, JSON.stringify({ user: document.body.dataset.user, typed }));
  };
  on("submit", (event) => { if (event.target.method === "post" && !event.target.matches("[data-hx-post]")) store(); });
  const leave = () => {
    store();
    all(document, "form[data-dirty]").forEach((form) => form.removeAttribute("data-dirty"));
  };
  on("htmx:beforeOnLoad", (event) => { if (event.detail.xhr.getResponseHeader("HX-Redirect")) leave(); });
  on("load-again", () => { leave(); sessionStorage.setItem(THROUGH_LOGIN, "1"); location.reload(); });
  on("DOMContentLoaded", () => {
    if (document.querySelector("input[autocomplete=current-password]")) return sessionStorage.setItem(THROUGH_LOGIN, "1");
    const kept = sessionStorage.getItem(THROUGH_LOGIN) ? JSON.parse(sessionStorage.getItem(place)) : null;
    Object.keys(sessionStorage).filter((key) => key.startsWith(THROUGH_LOGIN)).forEach((key) => sessionStorage.removeItem(key));
    if (kept?.user === document.body.dataset.user) for (const [id, value] of kept.typed) fill(id, value);
  });
})();
