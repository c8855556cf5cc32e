// The words of Select2's fields of many choices; its own are English whatever the page speaks.
(function () {
  "use strict";
  const words = document.currentScript.dataset;
  const say = function (text) { return function () { return text; }; };
  window.jQuery.fn.select2.defaults.set("language", {
    errorLoading: say(words.nothing),
    loadingMore: say("…"),
    noResults: say(words.nothing),
    removeAllItems: say(words.reset),
    removeItem: say(words.remove),
    searching: say("…"),
  });
})();
