// Forms with a passkey (data-passkey: login, authenticate or add): django-allauth's script talks to the browser.
(() => {
  const form = document.querySelector("[data-passkey]");
  const isName = /[a-z]/i.test(location.hostname.split(".").pop()); // browsers have none for IP addresses
  const possible = window.PublicKeyCredential && window.isSecureContext && isName;
  if (!form || !possible) {
    const button = document.getElementById("passkey-button");
    const words = document.getElementById("passkey-impossible");
    if (words && button) {
      words.hidden = false;
      button.disabled = true;
    }
    return;
  }
  form.hidden = false;
  const ids = {
    data: document.getElementById("passkey-options") ? "passkey-options" : undefined,
    credential: "passkey-credential",
    passwordless: "passkey-passwordless",
  };
  ids[form.dataset.passkey] = "passkey-button";
  window.allauth.webauthn.forms[`${form.dataset.passkey}Form`]({ ids });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.getElementById("passkey-error").hidden = false;
  });
})();
