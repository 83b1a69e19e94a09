// Marks of a drawing ([data-marks]): what each says, by mouse, touch and keyboard. Without this file the browser shows their titles.
(() => {
  "use strict";
  const tip = document.createElement("div");
  tip.className = "mark-tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true"); // a screen reader hears the mark itself
  document.body.append(tip);
  let shown = null, touched = false;

  const markOf = (target) => target.closest?.("[data-marks] a");
  const words = (mark) => {
    const title = mark.querySelector("title"); // the browser would show it beside ours
    const text = (title?.textContent ?? mark.getAttribute("title"))?.replace(/\s+/g, " ").trim();
    if (text) {
      mark.dataset.tip = text;
      mark.setAttribute(title ? "aria-label" : "aria-description", text);
      title?.remove();
      mark.removeAttribute("title");
    }
    return mark.dataset.tip;
  };
  const hide = () => { tip.hidden = true; shown = null; };
  const show = (mark) => {
    const text = words(mark);
    if (!text) return;
    shown = mark;
    tip.textContent = text;
    tip.hidden = false;
    const at = (mark.querySelector(".point, .block") ?? mark).getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const x = Math.max(8, Math.min(wide - tip.offsetWidth - 8, at.left + at.width / 2 - tip.offsetWidth / 2));
    const above = at.top - tip.offsetHeight - 8;
    tip.style.transform = `translate(${x + scrollX}px, ${(above < 8 ? at.bottom + 8 : above) + scrollY}px)`;
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const mark = markOf(event.target);
    if (mark) show(mark);
    else if (shown && shown !== document.activeElement) hide();
  });
  document.addEventListener("focusin", (event) => {
    const mark = markOf(event.target);
    if (mark) show(mark);
    else hide();
  });
  document.addEventListener("focusout", hide);
  // a first touch tells, a second one follows the link
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch" && markOf(event.target) !== shown;
    if (event.pointerType === "touch" && !markOf(event.target)) hide();
  });
  document.addEventListener("click", (event) => {
    const mark = touched && markOf(event.target);
    touched = false;
    if (mark) { event.preventDefault(); show(mark); }
  });

  // each drawing is one stop of the Tab key; arrows walk through its marks
  const marksOf = (drawing) => [...drawing.querySelectorAll("a")];
  const prepare = () => document.querySelectorAll("[data-marks] svg[role=group]").forEach((drawing) => {
    marksOf(drawing).forEach((mark, n, all) => mark.setAttribute("tabindex", n === all.length - 1 ? 0 : -1));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) { hide(); return; }
    const drawing = document.activeElement?.closest?.("[data-marks] svg[role=group]");
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!drawing || !step) return;
    event.preventDefault();
    const marks = marksOf(drawing), at = marks.indexOf(document.activeElement);
    const next = marks[Math.max(0, Math.min(marks.length - 1, at + step))];
    marks.forEach((mark) => mark.setAttribute("tabindex", mark === next ? 0 : -1));
    next.focus();
  });
  document.addEventListener("htmx:load", () => { if (shown && !shown.isConnected) hide(); prepare(); });
  prepare();
})();
