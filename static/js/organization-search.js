// Arrow keys lead from the search words to what was found and back; "/" leads to the words from anywhere on the page.
(() => {
  const words = document.getElementById("q");
  const found = document.getElementById("found");
  if (!words || !found) return;
  const links = () => [...found.querySelectorAll("a.tree-name")];

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const writing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !writing) {
      event.preventDefault();
      words.focus();
      words.select();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = links();
    const at = all.indexOf(document.activeElement);
    if (document.activeElement !== words && at < 0) return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? words : all[Math.min(next, all.length - 1)] ?? words).focus();
  });
})();
