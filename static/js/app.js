// The little that HTML and htmx leave over: progress, toasts, copying, menus, keys. Every page works without it.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const on = (name, act, root = document) => root.addEventListener(name, act);

  // toasts: a live region, so a screen reader hears them
  const toasts = $("#toasts");
  const words = toasts.dataset;
  const leave = (toast, after) => setTimeout(() => toast.remove(), after);
  const say = (text, { bad = false, again = null, label = words.again, stays = false } = {}) => {
    const toast = document.createElement("div");
    toast.className = bad ? "toast bad" : "toast";
    toast.append(text);
    if (again) {
      const button = document.createElement("button");
      button.textContent = label;
      button.addEventListener("click", () => { toast.remove(); again(); });
      toast.append(button);
    }
    toasts.replaceChildren(toast);
    if (!stays) leave(toast, again ? 20000 : 5000);
    return toast;
  };
  toasts.querySelectorAll("[data-toast]").forEach((toast) => leave(toast, 6000));
  on("toast", (event) => say(event.detail.value ?? event.detail.text, { bad: event.detail.bad }), document.body);

  // a thin bar once a request takes longer than 150 ms; polling is silent
  const bar = $("#progress");
  const polls = (elt) => elt.matches("[data-poll], [data-hx-trigger^='every ']");
  on("htmx:configRequest", (event) => { if (polls(event.detail.elt)) event.detail.headers["X-Poll"] = "1"; }); // keeps no login alive
  let waiting = 0;
  on("htmx:beforeRequest", (event) => {
    if (polls(event.detail.elt)) return;
    waiting += 1;
    setTimeout(() => waiting > 0 && bar.classList.add("on"), 150);
    event.detail.xhr.addEventListener("loadend", () => { // told even when what asked has left the page
      waiting -= 1;
      if (!waiting) bar.classList.remove("on");
    });
  });

  // a failed request says so and offers to try again; nothing that was typed is touched
  const failed = (event) => {
    const { elt, xhr } = event.detail;
    if (polls(elt)) return;
    const said = xhr && xhr.getResponseHeader("X-Message");
    if (xhr?.status === 403 && said) { // the page is too old for its form to be taken: loaded anew it keeps what was typed
      return void say(decodeURIComponent(said), { bad: true, label: words.reload, again: () => document.dispatchEvent(new Event("load-again")) });
    }
    const retry = () => elt.matches("form") ? elt.requestSubmit() : htmx.trigger(elt, event.detail.requestConfig?.triggeringEvent?.type || "click");
    say(said ? decodeURIComponent(said) : words.failed, { bad: true, again: said ? null : retry });
  };
  on("htmx:responseError", failed);
  on("htmx:sendError", failed);
  on("htmx:timeout", failed);

  // news that do not come are told, once they stay away for two rounds, until they come again
  let missed = 0, offline = null;
  const away = (event) => { if (polls(event.detail.elt) && ++missed === 2) offline = say(words.offline, { bad: true, stays: true }); };
  on("htmx:responseError", away);
  on("htmx:sendError", away);
  on("htmx:afterRequest", (event) => {
    if (!event.detail.successful || !polls(event.detail.elt)) return;
    missed = 0;
    offline?.remove();
  });

  on("htmx:beforeSwap", (event) => { // a refusal (404, 409, 422) is an answer with words in it, not an error
    if ([404, 409, 422].includes(event.detail.xhr.status) && event.detail.xhr.responseText) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });

  // copy buttons: data-copy holds the text or the selector of a field
  const copy = async (text, field) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no clipboard without https: the old way, from the field
      if (!field?.select) return;
      field.select();
      document.execCommand("copy");
    }
    say(words.copied);
  };
  on("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = button.dataset.copy;
    const field = source.startsWith("#") ? $(source) : null;
    copy(field ? field.value ?? field.textContent : source, field);
  });
  on("copy-this", (event) => copy(event.detail.text, null), document.body);

  // menus and confirmations are <details>: one at a time, closed by Escape, a click elsewhere or a [data-close]
  const close = (details) => { details.open = false; };
  on("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target) || event.target.closest("[data-close]")) close(menu);
    });
  });
  on("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details.menu[open]") ?? $("details.menu[open]");
    if (menu) { close(menu); $("summary", menu).focus(); }
  });
  document.documentElement.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.menu[open]")) $("[autofocus]", event.target)?.focus();
  }, true);

  // keys: / searches, j and k walk through a list, Ctrl+Enter sends a form
  on("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.matches("textarea")) { event.target.form?.requestSubmit(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") { const field = $("input[type=search]"); if (field) { event.preventDefault(); field.focus(); field.select(); } }
    if (event.key === "j" || event.key === "k") {
      const rows = [...document.querySelectorAll("a.row")];
      const at = rows.indexOf(document.activeElement);
      rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
    }
  });

  // selects that send their form as soon as they change (htmx does it for forms it knows)
  on("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form && !form.hasAttribute("data-hx-get")) form.requestSubmit();
  });

  // Enter in a field with a button of its own presses that one
  on("keydown", (event) => {
    const own = event.key === "Enter" && event.target.dataset?.enter;
    if (own) { event.preventDefault(); $(own)?.focus(); $(own)?.click(); }
  });

  // a guarded form asks before its changes are left behind
  on("input", (event) => { if (!event.target.closest("[data-free]")) event.target.closest("form[data-guard]")?.setAttribute("data-dirty", ""); });
  on("submit", (event) => event.target.removeAttribute("data-dirty"));
  window.addEventListener("beforeunload", (event) => { if ($("form[data-dirty]")) event.preventDefault(); });
})();
