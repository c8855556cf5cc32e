// For pages of other sites: puts an own form where this script stands, as high as it needs to be, and
// hands over what the page knows of the advertisement (utm_…, click ids), its address and its referrer.
//   <script src="https://crm.example/static/js/embed.js" data-form="ADDRESS" data-title="Request" async></script>
(function () {
  "use strict";
  const script = document.currentScript;
  if (!script || !script.dataset.form) { return; }
  const home = new URL(script.src).origin;
  const address = new URL("/f/" + encodeURIComponent(script.dataset.form), home);
  const bare = function (text) { // an address without what may be private in it
    try { const url = new URL(text); return url.origin + url.pathname; } catch (_error) { return ""; }
  };
  const marks = /^(utm_\w+|gclid|yclid|fbclid|ttclid|vkclid|msclkid|gbraid|wbraid|rb_clickid|click_id)$/i;
  new URLSearchParams(window.location.search).forEach(function (value, name) {
    if (marks.test(name)) { address.searchParams.set(name, value.slice(0, 500)); }
  });
  address.searchParams.set("page", bare(window.location.href).slice(0, 500));
  if (document.referrer) { address.searchParams.set("referrer", bare(document.referrer).slice(0, 500)); }
  if (script.dataset.lang) { address.searchParams.set("lang", script.dataset.lang); }
  if (script.dataset.look) { address.searchParams.set("look", script.dataset.look); }
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = script.dataset.title || "";
  frame.style.border = "0";
  frame.style.width = "100%";
  frame.height = "640";
  if (document.head.contains(script)) { // where nothing is shown
    document.addEventListener("DOMContentLoaded", function () { document.body.append(frame); });
    if (document.body) { document.body.append(frame); }
  } else {
    script.after(frame);
  }
  window.addEventListener("message", function (event) {
    const said = event.data;
    if (event.origin !== home || event.source !== frame.contentWindow) { return; }
    if (said && said.crmForm === "height" && said.height > 0) { frame.height = String(Math.min(said.height, 5000)); }
  });
})();
