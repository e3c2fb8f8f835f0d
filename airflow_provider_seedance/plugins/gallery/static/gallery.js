"use strict";
// The page works without this script: posters are links to their videos, and the filters are a form.
{
  // The page is a frame in Airflow's own. Another origin's frame must not be touched.
  const ui = (() => {
    try {
      return window.parent !== window && window.parent.document ? window.parent : null;
    } catch {
      return null;
    }
  })();

  // Airflow's user chooses the colours, whatever the system prefers.
  const root = document.documentElement;
  const paint = () => {
    const chosen = ui ? ui.document.documentElement.className : localStorage.getItem("theme");
    const dark = /\bdark\b/.test(chosen ?? "") ||
      (!/\blight\b/.test(chosen ?? "") && matchMedia("(prefers-color-scheme: dark)").matches);
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
  };
  paint();
  if (ui) new MutationObserver(paint).observe(ui.document.documentElement, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

  const play = (link) => {
    const video = document.createElement("video");
    Object.assign(video, { src: link.href, controls: true, autoplay: true, loop: true, playsInline: true });
    video.setAttribute("aria-label", link.getAttribute("aria-label"));
    video.addEventListener("error", () => {
      const told = document.createElement("div");
      told.className = "waiting";
      told.setAttribute("role", "alert");
      told.textContent = "The file is not where this API server can read it.";
      video.replaceWith(told);
    });
    for (const other of document.querySelectorAll("video")) other.pause();
    link.replaceWith(video);
    video.focus();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a, button");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if ("video" in link.dataset) {
      event.preventDefault();
      play(link);
    } else if ("copy" in link.dataset) {
      copy(link);
    } else if (ui && "airflow" in link.dataset) {
      // The frame's sandbox lets no link lead out of it; Airflow's router listens to this.
      event.preventDefault();
      ui.history.pushState({}, "", link.href);
      ui.dispatchEvent(new PopStateEvent("popstate"));
    } else if (ui && "window" in link.dataset) {
      event.preventDefault();
      ui.open(link.href);
    } else if (ui && link.hasAttribute("download")) {
      // Neither does the sandbox let anything be downloaded.
      event.preventDefault();
      const outside = ui.document.createElement("a");
      Object.assign(outside, { href: link.href, download: link.download });
      outside.click();
    }
  });

  const copy = async (button) => {
    const text = button.parentElement.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      button.textContent = "Selected; press Ctrl+C";
    }
  };

  // A video without a poster shows its place instead.
  for (const image of document.querySelectorAll(".play img")) {
    const hide = () => image.classList.add("missing");
    if (image.complete && !image.naturalWidth && image.src) hide();
    image.addEventListener("error", hide);
  }

  for (const field of document.querySelectorAll(".filters select, .filters input[type=date]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
  // Empty fields have no place in the address.
  document.querySelector(".filters").addEventListener("submit", (event) => {
    for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
  });
}
