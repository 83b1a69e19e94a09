// Call every operation with openapi-fetch over the types of openapi-typescript, answers full of nulls included.
//
//     node calls.js BASE KEY LISTENER
//
// Prints method and path of the operations that were called.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [base, key, listener] = process.argv.slice(2) as [string, string, string];
const called = new Set<string>();
const api = createClient<paths>({ baseUrl: `${base}/api/v1`, headers: { Authorization: `Bearer ${key}` } });
api.use({
  onRequest: ({ request, schemaPath }) => void called.add(`${request.method.toLowerCase()} ${schemaPath}`),
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

async function good<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  assert.ok(response.ok, `${response.url} ${response.status} ${JSON.stringify(error)}`);
  return data as T;
}

const one = (id: string) => ({ params: { path: { id } } });

async function contacts(): Promise<string> {
  const nobody = await good(api.POST("/contacts", { body: {} }));
  assert.equal(nobody.email, null);
  const ana = await good(api.POST("/contacts", { body: { email: "ben@acme.example", custom_data: { plan: "gold" } } }));
  await good(api.GET("/contacts/{id}", one(ana.id)));
  const page = await good(api.GET("/contacts", { params: { query: { limit: 1 } } }));
  const cursor: string | null = page.next;
  assert.ok(cursor);
  await good(api.PATCH("/contacts/{id}", { ...one(ana.id), body: { name: null } }));
  await good(api.DELETE("/contacts/{id}", one(nobody.id)));
  return ana.id;
}

async function sessions(contact_id: string): Promise<[string, string]> {
  const bare = await good(api.POST("/chat/sessions", { body: {} }));
  assert.deepEqual([bare.csat, bare.handoff, bare.team], [null, null, null]);
  const full = await good(api.POST("/chat/sessions", { body: { contact_id, assignee: { name: "Sam" }, team: "Billing" } }));
  await good(api.GET("/chat/sessions/{id}", one(full.id)));
  await good(api.POST("/chat/sessions/bulk", { body: { items: [{ external_id: "ts-2" }] } }));
  await good(api.POST("/chat/sessions/{id}/send", { ...one(bare.id), body: { message: "Hello" } }));
  await good(api.POST("/chat/sessions/{id}/handoff", { ...one(full.id), body: { reasons: ["insufficient_tools"] } }));
  await good(api.POST("/chat/sessions/{id}/widget-token", one(bare.id)));
  await good(api.GET("/chat/sessions", { params: { query: { handed_off: true } } }));
  for (const session of [bare, full]) {
    await good(api.PATCH("/chat/sessions/{id}", { ...one(session.id), body: { status: "closed_resolved" } }));
    await good(api.GET("/chat/sessions/{id}/history", one(session.id)));
  }
  return [bare.id, full.id];
}

async function surveys(contact_id: string, bare: string, full: string): Promise<void> {
  const query = { channel: ["email", "sms"] as ("email" | "sms")[], group_by: "channel" as const };
  const report = await good(api.GET("/csat/report", { params: { query } }));
  const csat: number | null = report.total.csat;
  assert.equal(csat, null);
  const score = await good(api.GET("/csat/scores/session/{session_id}", { params: { path: { session_id: bare } } }));
  assert.equal(score, null);
  const settings = await good(api.GET("/csat/settings"));
  assert.equal(settings.quiet_hours, null);
  await good(api.PATCH("/csat/settings", { body: { quiet_hours: null } }));
  const asked = await good(api.POST("/csat/requests", { body: { session_id: bare, force: true } }));
  await good(api.GET("/csat/requests/{id}", one(asked.id)));
  await good(api.GET("/csat/requests"));
  await good(api.POST("/csat/links", { body: { session_id: full } }));
  const rated = await good(api.POST("/csat/scores", { body: { session_id: full, score: 4 } }));
  assert.equal(rated.comment, null);
  const found = await good(api.GET("/csat/scores/session/{session_id}", { params: { path: { session_id: full } } }));
  assert.equal(found?.id, rated.id);
  await good(api.GET("/csat/scores/{id}", one(rated.id)));
  await good(api.GET("/csat/scores/contact/{contact_id}", { params: { path: { contact_id } } }));
  await good(api.GET("/csat/scores"));
  const sending = await good(api.GET("/csat/sending"));
  assert.equal(sending.paused, null);
  await good(api.POST("/csat/sending/pause", { body: {} }));
  await good(api.POST("/csat/sending/resume", { body: {} }));
  await good(api.POST("/csat/sending/try", { body: { channel: "email" } }));
  await good(api.POST("/csat/sending/resend", { body: {} }));
}

async function webhooks(): Promise<void> {
  const added = await good(api.POST("/webhooks", { body: { url: listener, events: ["csat.score_submitted"] } }));
  assert.equal(added.last_success_at, null);
  await good(api.GET("/webhooks"));
  await good(api.GET("/webhooks/{id}", one(added.id)));
  const { id: call_id } = await good(api.POST("/webhooks/{id}/test", one(added.id)));
  await good(api.GET("/webhooks/{id}/calls", one(added.id)));
  const call = { params: { path: { id: added.id, call_id } } };
  await good(api.POST("/webhooks/{id}/calls/{call_id}/replay", call));
  await good(api.POST("/webhooks/{id}/replay", { ...one(added.id), body: { since: "2026-01-01T00:00:00Z" } }));
  await good(api.POST("/webhooks/{id}/rotate", one(added.id)));
  await good(api.PATCH("/webhooks/{id}", { ...one(added.id), body: { description: null } }));
  await good(api.DELETE("/webhooks/{id}", one(added.id)));
}

async function workflows(session_id: string): Promise<void> {
  const workflow_blocks = [{ id: "tag", type: "add_tag", params: { tag: "vip" } }];
  const draft = await good(api.POST("/workflows", { body: { name: "Tag", trigger_type: "manual-trigger", workflow_blocks } }));
  assert.equal(draft.active_version, null);
  const verdict = await good(api.POST("/workflows/validate", { body: { workflow_blocks: [] } }));
  assert.equal(verdict.issues[0]?.step_id, null);
  await good(api.POST("/workflows/{id}/activate", one(draft.id)));
  await good(api.POST("/workflows/{id}/run", { ...one(draft.id), body: { session_id } }));
  const runs = await good(api.GET("/workflows/{id}/runs", one(draft.id)));
  assert.equal(runs.items[0]?.error, null);
  await good(api.GET("/workflows"));
  await good(api.PATCH("/workflows/{id}", { ...one(draft.id), body: { name: "Tag them" } }));
  await good(api.GET("/workflows/{id}", one(draft.id)));
  await good(api.POST("/workflows/{id}/deactivate", one(draft.id)));
  await good(api.DELETE("/workflows/{id}", one(draft.id)));
}

async function imports(): Promise<void> {
  const text = "ticket,score,date\n1,5,2026-01-02\n";
  const body = { file: text, kind: "generic" as const };
  const bodySerializer = (): FormData => {
    const form = new FormData();
    form.append("file", new Blob([text]), "past.csv");
    form.append("kind", body.kind);
    return form;
  };
  const added = await good(api.POST("/imports", { body, bodySerializer }));
  assert.equal(added.finished_at, null);
  await good(api.GET("/imports"));
  await good(api.GET("/imports/{id}", one(added.id)));
  await good(api.DELETE("/imports/{id}", one(added.id)));
}

async function connections(): Promise<void> {
  const base_url = listener.replace("/hook", ""); // a help desk that knows of no conversation
  const content = { kind: "freescout", base_url, secrets: { token: "x" }, rules: { send: true } };
  const added = await good(api.POST("/connections", { body: content }));
  assert.equal(added.last_event_at, null);
  assert.ok(added.inbound_url);
  await good(api.GET("/connections"));
  await good(api.GET("/connections/{id}", one(added.id)));
  const arrivals = await good(api.POST("/connections/{id}/test", one(added.id)));
  assert.deepEqual(arrivals.items, []);
  await fetch(base + new URL(added.inbound_url).pathname, { method: "POST", body: "{}" });
  const { items } = await good(api.GET("/connections/{id}/events", one(added.id)));
  const event_id = items[0]?.id ?? "";
  const event = { params: { path: { id: added.id, event_id } } };
  await good(api.POST("/connections/{id}/events/{event_id}/process", event));
  await good(api.POST("/connections/{id}/pause", one(added.id)));
  await good(api.POST("/connections/{id}/resume", one(added.id)));
  await good(api.PATCH("/connections/{id}", { ...one(added.id), body: { rules: { account: "7" } } }));
  await good(api.DELETE("/connections/{id}", one(added.id)));
}

async function brands(): Promise<void> {
  const { items } = await good(api.GET("/brands"));
  assert.equal(items[0]?.id, null);
  const brand = { params: { path: { brand: "initech" } } };
  const added = await good(api.POST("/brands", { body: { slug: "initech", name: "Initech" } }));
  assert.equal(added.logo, null);
  await good(api.GET("/brands/{brand}", brand));
  await good(api.PATCH("/brands/{brand}", { ...brand, body: { opening_line: { default: "Hi" } } }));
  await good(api.DELETE("/brands/{brand}", brand));
}

async function reports(): Promise<void> {
  assert.deepEqual((await good(api.GET("/csat/report/recovery"))).groups, []);
  const view_id = (await good(api.GET("/reports/views"))).items[0]!.id;
  const digest = await good(api.POST("/reports/digests", { body: { view_id, rhythm: "daily", hour: 7 } }));
  assert.equal(digest.to, null);
  await good(api.GET("/reports/digests"));
  await good(api.GET("/reports/digests/{id}", one(digest.id)));
  await good(api.PATCH("/reports/digests/{id}", { ...one(digest.id), body: { hour: 8 } }));
  await good(api.DELETE("/reports/digests/{id}", one(digest.id)));
  const share = await good(api.POST("/reports/shares", { body: { view_id, days: 7 } }));
  assert.ok(share.url);
  await good(api.GET("/reports/shares"));
  await good(api.GET("/reports/shares/{id}", one(share.id)));
  await good(api.PATCH("/reports/shares/{id}", { ...one(share.id), body: { with_names: true } }));
  await good(api.DELETE("/reports/shares/{id}", one(share.id)));
  const note = await good(api.POST("/reports/notes", { body: { day: "2026-11-20", text: "New release", team: null } }));
  assert.equal(note.team, null);
  await good(api.GET("/reports/notes"));
  await good(api.GET("/reports/notes/{id}", one(note.id)));
  await good(api.PATCH("/reports/notes/{id}", { ...one(note.id), body: { text: "Rolled back" } }));
  await good(api.DELETE("/reports/notes/{id}", one(note.id)));
}

const contact = await contacts();
const [bare, full] = await sessions(contact);
await good(api.GET("/handoff-analytics"));
await good(api.GET("/handoff-analytics/events"));
await surveys(contact, bare, full);
await webhooks();
await workflows(bare);
await imports();
await connections();
await brands();
await reports();
console.log(JSON.stringify([...called].sort()));
