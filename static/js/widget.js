/* CSAT card loader: <script src=".../widget/csat.js" data-token="..." [data-container="#id"] [data-language="de"] async></script>
   or CSAT.open({token, container, language}), which returns {close}. Events to this page, by postMessage from its own origin:
   {type: "csat:requested" | "csat:submitted" | "csat:closed", survey_id, score?, reason?} */
(function () {
  "use strict";
  if (window.CSAT) return;
  const script = document.currentScript ?? document.querySelector("script[src*='/widget/csat.js']"); // a module has none
  const base = (script?.src ?? Error().stack.match(/https?:[^\s@(]+csat\.js/)[0]).replace(/\/widget\/csat\.js.*$/, "");
  const site = new URL(base).origin;
  const EVERY = 8000, LONGEST = 300000, watched = new Map();

  const kept = (key, value) => { // which request was closed: survives a reload, where the browser allows it
    try { return value === undefined ? sessionStorage.getItem(key) : sessionStorage.setItem(key, value); } catch { return null; }
  };

  function watch({ token, container, language }) {
    let frame, timer, busy, ended, wait = EVERY, now = {}, open = 0, closed = Number(kept("csat:" + token));

    const tell = (type, more) => postMessage({ type: "csat:" + type, survey_id: now.survey_id, ...more }, location.origin);
    const later = (ms) => { clearTimeout(timer); if (!ended && !document.hidden) timer = setTimeout(poll, ms); };
    const place = () => typeof container === "string" ? document.querySelector(container) : container ?? document.body;

    async function poll() {
      if (busy || ended) return;
      busy = true;
      try {
        const answer = await fetch(`${base}/widget/state/${token}`, { credentials: "omit" });
        if (answer.status === 404) return stop("ended");
        if (!answer.ok) throw 0;
        const before = now;
        now = await answer.json();
        if (now.state === "none") { now = { ...now, survey_id: before.survey_id }; hide("withdrawn"); } else if (wanted()) show();
        wait = EVERY;
      } catch {
        wait = Math.min(wait * 2, LONGEST) * (0.8 + Math.random() * 0.4);
      } finally {
        busy = false;
      }
      later(wait);
    }

    function wanted() { // an old answer is repeated inside a container only
      if (now.request <= closed || (frame && frame.isConnected && open === now.request)) return false;
      return now.state === "due" || container;
    }

    function show() {
      const home = place();
      if (!home) return; // the chat is not open yet: look again at the next turn
      if (frame) frame.remove();
      open = now.request;
      frame = document.createElement("iframe");
      frame.className = "csat-card";
      frame.title = "CSAT";
      frame.src = `${base}/widget/card/${token}` + (language ? `?lang=${encodeURIComponent(language)}` : "");
      const style = { border: 0, display: "block", width: "100%", height: 0 };
      if (!container) Object.assign(style, {
        position: "fixed", bottom: "16px", insetInlineEnd: "16px", width: "min(380px, calc(100vw - 32px))", zIndex: 2147483000,
        maxHeight: "calc(100vh - 32px)", borderRadius: "14px", boxShadow: "0 8px 32px rgba(0,0,0,.24), 0 0 0 1px rgba(128,128,128,.2)",
      });
      Object.assign(frame.style, style);
      frame.onload = () => frame.contentWindow.postMessage({ csat: "hello" }, site);
      home.append(frame);
    }

    function hide(reason) {
      if (!frame) return;
      frame.remove();
      frame = null;
      tell("closed", { reason });
    }

    function stop(reason) {
      ended = true;
      clearTimeout(timer);
      hide(reason);
      removeEventListener("message", hear);
      document.removeEventListener("visibilitychange", turn);
      watched.delete(token);
    }

    function hear({ origin, source, data }) {
      if (origin !== site || !frame || source !== frame.contentWindow || !data) return;
      if (data.title) frame.title = data.title;
      if (data.csat === "size") frame.style.height = data.height + "px";
      if (data.csat === "shown") tell("requested");
      if (data.csat === "submitted") tell("submitted", { score: data.score });
      if (data.csat === "closed") {
        closed = open;
        kept("csat:" + token, closed);
        hide("customer");
      }
    }

    const turn = () => document.hidden ? clearTimeout(timer) : later(0);
    addEventListener("message", hear);
    document.addEventListener("visibilitychange", turn);
    later(0);
    return {
      close: () => stop("host"),
      move(to) { // opened again by a page that has built itself anew
        container = to ?? container;
        if (frame && place() !== frame.parentElement) frame.remove();
        if (!frame?.isConnected) later(0);
      },
    };
  }

  window.CSAT = {
    open(options) {
      const { token, container } = options, known = watched.get(token);
      known ? known.move(container) : watched.set(token, watch(options));
      return watched.get(token);
    },
  };
  const { token, container, language } = script?.dataset ?? {};
  if (token) window.CSAT.open({ token, container, language });
})();
