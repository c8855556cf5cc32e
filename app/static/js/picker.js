// Remote pickers: looks rows up while one types. Without this script the server looks the text up.
(function () {
  "use strict";
  const WAIT = 200; // ms after the last key

  function enhance(box) {
    if (box.querySelector(".crm-picker-list")) { return; }
    const id = box.querySelector("[data-picker-id]");
    const was = box.querySelector("[data-picker-was]");
    const text = box.querySelector("[data-picker-text]");
    const found = box.querySelector("[role=status]");
    const list = document.createElement("ul");
    let timer = 0, asked = 0, active = -1;
    list.className = "crm-picker-list";
    list.id = text.id + "-list";
    list.setAttribute("role", "listbox");
    list.hidden = true;
    text.setAttribute("aria-controls", list.id);
    box.appendChild(list);

    function close() {
      list.hidden = true;
      active = -1;
      text.setAttribute("aria-expanded", "false");
      text.removeAttribute("aria-activedescendant");
    }

    function choose(item) {
      id.value = item.dataset.id;
      was.value = text.value = item.textContent;
      close();
      text.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function mark(index) {
      const items = list.querySelectorAll("[data-id]");
      if (!items.length) { return; }
      active = (index + items.length) % items.length;
      items.forEach(function (item, at) { item.setAttribute("aria-selected", at === active); });
      text.setAttribute("aria-activedescendant", items[active].id);
      items[active].scrollIntoView({ block: "nearest" });
    }

    function show(rows) {
      list.replaceChildren();
      rows.forEach(function (row, at) {
        const item = document.createElement("li");
        item.id = list.id + "-" + at;
        item.dataset.id = row.id;
        item.textContent = row.text;
        item.setAttribute("role", "option");
        list.appendChild(item);
      });
      list.hidden = rows.length === 0;
      text.setAttribute("aria-expanded", String(rows.length > 0));
      found.textContent = rows.length ? found.dataset.pickerFound.replace("#", rows.length) : found.dataset.pickerNone;
      active = -1;
    }

    function ask() {
      const mine = ++asked;
      const url = new URL(box.dataset.picker, window.location.href);
      url.searchParams.set("q", text.value);
      fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } })
        .then(function (answer) { return answer.ok ? answer.json() : { results: [] }; })
        .then(function (answer) { if (mine === asked) { show(answer.results); } })
        .catch(close);
    }

    text.addEventListener("input", function () {
      window.clearTimeout(timer);
      asked += 1; // an answer to an older question comes too late
      close();
      timer = window.setTimeout(ask, WAIT);
    });
    list.setAttribute("aria-label", text.labels.length ? text.labels[0].textContent.trim() : "");
    text.addEventListener("focus", function () { if (!text.value) { ask(); } });
    text.addEventListener("blur", function () { window.setTimeout(close, 150); });
    text.addEventListener("keydown", function (event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { ask(); } else { mark(active + (event.key === "ArrowDown" ? 1 : -1)); }
      } else if (event.key === "Enter" && !list.hidden && active >= 0) {
        event.preventDefault();
        choose(list.querySelectorAll("[data-id]")[active]);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault(); // the browser would empty the field
        close();
      }
    });
    list.addEventListener("mousedown", function (event) {
      if (event.target.dataset.id) { event.preventDefault(); choose(event.target); }
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-picker]").forEach(enhance);
  });
  document.addEventListener("focusin", function (event) { // in a part that has come since
    const box = event.target.closest && event.target.closest("[data-picker]");
    if (box) { enhance(box); }
  });
})();
