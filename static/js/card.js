// The framed card: sends itself without leaving the page, and tells its host what happened, and nobody else.
(() => {
  "use strict";
  let host = null; // the origin that said hello; frame-ancestors lets only allowed ones frame this page
  let height = 0, seen = false, score = 0, sending = false;
  const main = () => document.querySelector("main");
  const tell = (what, more) => host && parent.postMessage({ csat: what, title: document.title, ...more }, host);
  const answered = () => Number(document.querySelector("[data-answered]")?.dataset.answered || 0);

  addEventListener("message", (event) => {
    if (event.source !== parent || parent === window || event.data?.csat !== "hello" || host) return;
    host = event.origin;
    score = answered();
    measure();
    new IntersectionObserver(see, { threshold: 0.5 }).observe(main());
    document.addEventListener("visibilitychange", note);
  });

  let within = false;
  const see = (entries) => { within = entries[entries.length - 1].isIntersecting; note(); };
  const note = async () => { // shown is what a person could see
    if (seen || !within || document.hidden) return;
    seen = true;
    try {
      const answer = await fetch(`${location.pathname}/shown`, { method: "POST" });
      if (answer.ok && (await answer.json()).first) tell("shown");
      seen = answer.ok || answer.status === 404;
    } catch { seen = false; }
    if (!seen) setTimeout(note, 5000);
  };

  const measure = () => {
    const now = Math.ceil(document.body.getBoundingClientRect().height);
    if (now && now !== height) tell("size", { height: now });
    if (host) height = now;
  };
  new ResizeObserver(measure).observe(document.body);

  const swap = async (address, options) => {
    if (sending) return;
    sending = true;
    main().setAttribute("aria-busy", "true");
    const trouble = document.getElementById("trouble");
    try {
      const answer = await fetch(address, options);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.status >= 500 || !page.querySelector("main")) throw new Error(answer.status);
      document.title = page.title;
      main().replaceChildren(...page.querySelector("main").childNodes);
      trouble.textContent = "";
      const next = document.querySelector("textarea[aria-invalid], [aria-invalid] input, [data-answered] textarea, h1[tabindex], input:checked") || main();
      next.focus();
      // a browser may yet take the focus away together with the button that was pressed
      requestAnimationFrame(() => document.activeElement === document.body && next.focus());
      if (answered() && options?.method && !options.body.has("step")) tell("submitted", { score: score = answered() }); // its comment joins it
    } catch {
      trouble.textContent = trouble.dataset.words;
    }
    sending = false;
    main().removeAttribute("aria-busy");
  };

  addEventListener("submit", (event) => {
    event.preventDefault();
    const said = new URLSearchParams(new FormData(event.target, event.submitter));
    swap(event.target.action, { method: "POST", body: said });
  });
  addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (link) { event.preventDefault(); swap(link.href); }
    if (event.target.closest("[data-close]")) tell("closed");
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") tell("closed"); });
})();
