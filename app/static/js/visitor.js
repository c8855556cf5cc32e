// The page of an own form: tells its frame how high it is, and sends once.
(function () {
  "use strict";
  const main = document.getElementById("main"); // the page itself is as high as its frame
  function tell() {
    const height = Math.ceil(main.getBoundingClientRect().height);
    window.parent.postMessage({ crmForm: "height", height: height }, "*"); // a height is no secret
  }
  if (window.parent !== window) {
    new ResizeObserver(tell).observe(main);
    window.addEventListener("load", tell);
  }
  document.addEventListener("submit", function (event) {
    window.setTimeout(function () { // a second click is harmless, but confusing
      event.target.querySelectorAll("button[type=submit]").forEach(function (b) { b.disabled = true; });
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("button:disabled").forEach(function (b) { b.disabled = false; });
  });
  document.addEventListener("DOMContentLoaded", function () {
    const faults = document.querySelector("[data-focus]");
    if (faults) { faults.focus(); }
  });
})();
