"use strict";

// Entering a signed sheet by keyboard: Enter and the arrows go from cell to cell, a digit goes on to the next one.
// Everything it does can be done with the tabulator key.

(() => {
  const paper = document.querySelector("[data-paper]");
  if (!paper) return;
  const cells = Array.from(paper.querySelectorAll("input[name^=cell-]"));
  const columns = () => getComputedStyle(paper).gridTemplateColumns.split(" ").length;

  function go(from, steps) {
    const cell = cells[cells.indexOf(from) + steps];
    if (!cell) return;
    cell.focus();
    cell.select();
  }

  paper.addEventListener("keydown", (event) => {
    const steps = { Enter: 1, ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() }[event.key];
    if (!steps || event.isComposing) return;
    event.preventDefault();
    go(event.target, steps);
  });
  paper.addEventListener("input", (event) => {
    if (/^[0-7]$/.test(event.target.value)) go(event.target, 1);
  });
  if (cells.length) cells[0].focus();
})();
