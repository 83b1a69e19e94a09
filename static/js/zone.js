// The reader's time zone, for the times the server writes, and where a form asks for one.
(() => {
  "use strict";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choice = document.querySelector("select[data-browser-zone]:not([aria-invalid])");
  if (choice?.value === "UTC" && choice.querySelector(`option[value="${zone}"]`)) choice.value = zone;
  if (!zone || document.cookie.split("; ").includes("tz=" + zone)) return;
  document.cookie = `tz=${zone};path=/;max-age=31536000;samesite=lax${location.protocol === "https:" ? ";secure" : ""}`;
})();
