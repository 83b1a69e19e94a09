// A toy chat. On your site, your own server asks the API for the token: POST /api/v1/chat/sessions/{id}/widget-token
const $ = (id) => document.getElementById(id);
let token = "", card;

async function ask(act, more = {}) {
  const answer = await fetch(act, { method: "POST", body: new URLSearchParams({ token, ...more }) });
  const said = await answer.json();
  $("note").textContent = said.message || said.note;
  if (!answer.ok) throw new Error(said.message);
  return said;
}

function bubble(text, kind = "") {
  const line = document.createElement("p");
  line.className = kind;
  line.textContent = text;
  $("talk").append(line);
}

function showCard() { // this is all a host page does
  if (card) card.close();
  card = CSAT.open({ token, container: document.querySelector("[name=place]:checked").value || undefined });
}

async function start() {
  const session = await ask("start");
  token = session.token;
  $("number").textContent = `#${session.number}`;
  $("talk").replaceChildren();
  bubble("Hello! Where is my parcel?", "mine");
  bubble("Hi, this is Sam. It will be with you tomorrow.");
  showCard();
}

// on a telephone the chat stands below the fold: a card in it should be seen
new ResizeObserver(() => $("survey").firstChild && $("survey").scrollIntoView({ block: "nearest" })).observe($("survey"));
$("again").onclick = start;
$("resolve").onclick = async () => { await ask("resolve"); bubble("Sam resolved the conversation", "fact"); };
$("reopen").onclick = async () => { await ask("reopen"); bubble("Sam reopened the conversation", "fact"); };
$("say").onsubmit = async (event) => {
  event.preventDefault();
  const text = event.target.text.value;
  event.target.reset();
  bubble(text, "mine");
  await ask("say", { text });
};
for (const place of document.querySelectorAll("[name=place]")) place.onchange = showCard;
addEventListener("message", (event) => {
  if (event.origin !== location.origin || !event.data.type?.startsWith("csat:")) return;
  $("events").append(Object.assign(document.createElement("li"), { textContent: JSON.stringify(event.data) }));
});
start();
