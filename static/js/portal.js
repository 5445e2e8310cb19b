"use strict";

// Small comforts only: every page works without this file.

// An open menu closes when one clicks beside it or presses Escape.
function closeMenus(except) {
  document.querySelectorAll("details.portal-account[open], details.portal-menu-phone[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});

// A form is sent once, however often its button is pressed; coming back to the page, or five seconds, frees it again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || (form.getAttribute("method") || "get").toLowerCase() !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Files above the limit are named before they are sent.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file") return;
  const limit = Number(input.dataset.maxBytes || document.body.dataset.maxUpload || 0);
  const large = limit ? Array.from(input.files).find((file) => file.size > limit) : null;
  input.setCustomValidity(large ? `「${large.name}」超过 ${Math.floor(limit / 1048576)} MB，请压缩或拆分后再上传。` : "");
  input.reportValidity();
});

// A page that exists to be kept on paper prints itself.
document.querySelectorAll("[data-print-page]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
