// A real OpenID Connect provider (oidc-provider) on loopback. Whoever PUT /control names as `person` is
// logged in without a page to click on; without a person the login is cancelled.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "../../node/node_modules/oidc-provider/lib/index.js";

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
let world = { person: null, people: {}, idTokenSeconds: 3600 };

function configuration() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI] }],
    cookies: { keys: [randomBytes(32).toString("hex")] },
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: "first" }] },
    claims: {
      email: ["email", "email_verified"],
      profile: ["preferred_username", "name", "given_name", "family_name", "groups"],
    },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    ttl: { IdToken: () => world.idTokenSeconds, AccessToken: 300, AuthorizationCode: 60, Grant: 300, Interaction: 300, Session: 300 },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...world.people[sub] }) }),
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  };
}

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

let provider;
const server = createServer(async (request, response) => {
  if (request.url === "/control") {
    world = { ...world, ...JSON.parse(await body(request)) };
    response.writeHead(204).end();
  } else if (request.url.startsWith("/interaction/")) {
    const result = world.person
      ? { login: { accountId: world.person } }
      : { error: "access_denied", error_description: "the person said no" };
    await provider.interactionFinished(request, response, result);
  } else {
    provider.callback()(request, response);
  }
});
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, configuration());
  process.stdout.write(`${issuer}\n`);
});
process.stdin.on("end", () => process.exit()).resume(); // whoever started it went away
