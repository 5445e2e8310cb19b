"use strict";

// The attendance list without scrolling: only one group's people, defaults that follow the form of study, exceptions counted.
// Everything it does can be done by hand; the server decides what is saved.

(() => {
  const list = document.getElementById("attendance");
  if (!list) return;
  const group = document.querySelector("select[name=group]");
  const kind = document.querySelector("select[name=form]");
  const count = list.querySelector("[data-count]");
  const selects = Array.from(list.querySelectorAll("select[name^=state-]"));
  // What was recorded before, or follows from sign-ins and leave, is not assumed anew.
  const isNew = window.location.pathname.endsWith("/new/");
  const touched = new Set();

  function assumed(select) {
    const alternative = "alternative" in select.dataset;
    if (kind && kind.value === "home-delivery") return alternative ? "present" : "";
    if (kind && kind.value === "core-group") return "leader" in select.dataset ? "present" : "";
    if ("lost" in select.dataset) return "absent";
    return alternative ? "exempt" : "present";
  }

  function show() {
    let shown = 0;
    let exceptions = 0;
    selects.forEach((select) => {
      const set = select.closest("fieldset");
      const outside = Boolean(group && group.value && set.dataset.group !== group.value);
      set.hidden = outside;
      select.classList.toggle("is-exception", !["present", ""].includes(select.value));
      select.classList.toggle("is-outside", select.value === "");
      if (outside || select.value === "") return;
      shown += 1;
      if (select.value !== "present") exceptions += 1;
    });
    count.textContent = exceptions ? `应记 ${shown} 人，其中 ${exceptions} 人不是正常出席` : `应记 ${shown} 人，全体出席`;
  }

  selects.forEach((select) => select.addEventListener("change", () => {
    touched.add(select);
    show();
  }));
  if (group) group.addEventListener("change", show);
  if (kind && isNew) {
    kind.addEventListener("change", () => {
      selects.filter((select) => !touched.has(select)).forEach((select) => { select.value = assumed(select); });
      show();
    });
  }
  show();
})();
